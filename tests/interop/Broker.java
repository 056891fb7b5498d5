import java.net.URI;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.broker.SslBrokerService;
import org.apache.activemq.broker.TransportConnector;

/** A real ActiveMQ broker for the tests: prints its address, ends when its input ends. */
public class Broker {
    public static void main(String[] args) throws Exception {
        String port = args.length > 0 ? args[0] : "0";
        String keyStore = System.getProperty("javax.net.ssl.keyStore");
        BrokerService broker = keyStore == null ? new BrokerService() : new SslBrokerService();
        broker.setBrokerName("interop");
        broker.setPersistent(false);
        broker.setUseJmx(false);
        broker.setUseShutdownHook(false);
        String scheme = keyStore == null ? "tcp" : "ssl";
        TransportConnector connector =
            broker.addConnector(new URI(scheme + "://127.0.0.1:" + port));
        broker.start();
        broker.waitUntilStarted();
        System.out.println("listening " + connector.getConnectUri().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
        }
        broker.stop();
    }
}
