import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.jms.BytesMessage;
import javax.jms.Connection;
import javax.jms.DeliveryMode;
import javax.jms.MessageConsumer;
import javax.jms.MessageProducer;
import javax.jms.Session;
import org.apache.activemq.ActiveMQConnectionFactory;

/**
 * What the Java client bears: one producer and one consumer of non-persistent messages on a topic, each with a
 * connection. Prints messages received a second and processor time a message of this process, after the warm-up.
 * Arguments: URL, bytes of a body, seconds, seconds of warm-up.
 */
public class Load {
    public static void main(String[] args) throws Exception {
        int size = Integer.parseInt(args[1]);
        long seconds = Long.parseLong(args[2]);
        long warmUp = Long.parseLong(args[3]);
        var factory = new ActiveMQConnectionFactory(args[0]);
        var received = new AtomicLong();
        Connection consuming = factory.createConnection();
        Session consumerSession = consuming.createSession(false, Session.DUPS_OK_ACKNOWLEDGE);
        MessageConsumer consumer = consumerSession.createConsumer(consumerSession.createTopic("finewire.bench"));
        consumer.setMessageListener(message -> received.incrementAndGet());
        consuming.start();
        Connection producing = factory.createConnection();
        producing.start();
        Session session = producing.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageProducer producer = session.createProducer(session.createTopic("finewire.bench"));
        producer.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
        byte[] body = new byte[size];
        long start = System.nanoTime();
        long counted = start + TimeUnit.SECONDS.toNanos(warmUp);
        long end = counted + TimeUnit.SECONDS.toNanos(seconds);
        long before = 0;
        long cpu = 0;
        long from = 0;
        for (long n = 0; ; n++) {
            BytesMessage message = session.createBytesMessage();
            message.writeBytes(body);
            producer.send(message);
            if ((n & 63) == 0) {
                long now = System.nanoTime();
                if (from == 0 && now >= counted) {
                    from = now;
                    before = received.get();
                    cpu = cpu();
                }
                if (now >= end) {
                    break;
                }
            }
        }
        double count = received.get() - before;
        double time = (System.nanoTime() - from) / 1e9;
        System.out.printf(
            java.util.Locale.ROOT,
            "{\"receivedPerSecond\":%.0f,\"cpuMicrosPerMessage\":%.2f}%n",
            count / time,
            (cpu() - cpu) / 1e3 / count);
        System.out.flush();
        System.exit(0);
    }

    private static long cpu() {
        var system = ManagementFactory.getOperatingSystemMXBean();
        return ((com.sun.management.OperatingSystemMXBean) system).getProcessCpuTime();
    }
}
