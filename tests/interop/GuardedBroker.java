import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.apache.activemq.broker.BrokerPlugin;
import org.apache.activemq.broker.BrokerService;
import org.apache.activemq.broker.TransportConnector;
import org.apache.activemq.filter.DestinationMapEntry;
import org.apache.activemq.security.AuthenticationUser;
import org.apache.activemq.security.AuthorizationEntry;
import org.apache.activemq.security.AuthorizationPlugin;
import org.apache.activemq.security.DefaultAuthorizationMap;
import org.apache.activemq.security.SimpleAuthenticationPlugin;

/**
 * A real ActiveMQ broker with users: connector may do everything, guest only listen to topics. Both have the
 * password open-sesame. Prints its address, ends when its input ends.
 */
public class GuardedBroker {
    public static void main(String[] args) throws Exception {
        BrokerService broker = new BrokerService();
        broker.setBrokerName("guarded");
        broker.setPersistent(false);
        broker.setUseJmx(false);
        broker.setUseShutdownHook(false);
        SimpleAuthenticationPlugin users = new SimpleAuthenticationPlugin();
        users.setUsers(List.of(
            new AuthenticationUser("connector", "open-sesame", "connectors"),
            new AuthenticationUser("guest", "open-sesame", "guests")));
        List<DestinationMapEntry> entries = new ArrayList<>();
        entries.add(entry(true, ">", "connectors", "connectors", "connectors"));
        entries.add(entry(false, ">", "connectors,guests", "connectors", "connectors"));
        entries.add(entry(false, "ActiveMQ.Advisory.>", "connectors,guests",
            "connectors,guests", "connectors,guests"));
        DefaultAuthorizationMap map = new DefaultAuthorizationMap();
        map.setAuthorizationEntries(entries);
        AuthorizationPlugin rights = new AuthorizationPlugin();
        rights.setMap(map);
        broker.setPlugins(new BrokerPlugin[] {users, rights});
        TransportConnector connector = broker.addConnector(new URI("tcp://127.0.0.1:0"));
        broker.start();
        broker.waitUntilStarted();
        System.out.println("listening " + connector.getConnectUri().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {
        }
        broker.stop();
    }

    private static AuthorizationEntry entry(
        boolean queue, String name, String read, String write, String admin) throws Exception {
        AuthorizationEntry entry = new AuthorizationEntry();
        if (queue) {
            entry.setQueue(name);
        } else {
            entry.setTopic(name);
        }
        entry.setRead(read);
        entry.setWrite(write);
        entry.setAdmin(admin);
        return entry;
    }
}
