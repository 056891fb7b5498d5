import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.jms.JMSException;
import javax.jms.Message;
import javax.jms.MessageConsumer;
import javax.jms.MessageProducer;
import javax.jms.Queue;
import javax.jms.Session;
import javax.jms.TextMessage;
import javax.jms.Topic;
import javax.net.ssl.TrustManagerFactory;
import org.apache.activemq.ActiveMQConnection;
import org.apache.activemq.ActiveMQSslConnectionFactory;

/**
 * A JMS client of a broker with little room, TLS and permissions. The arguments: the broker's address and
 * its certificate (PEM). It prints "ok NAME" or "failed NAME: why" for each case, and "end".
 */
public final class Flow {
    interface Case {
        void run() throws Exception;
    }

    static ActiveMQSslConnectionFactory factory;
    static final long SOON = 5000;

    public static void main(String[] args) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (var in = new FileInputStream(args[1])) {
            store.setCertificateEntry("b", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        factory = new ActiveMQSslConnectionFactory(args[0]);
        factory.setKeyAndTrustManagers(null, trust.getTrustManagers(), null);
        run("a_stranger_is_not_let_in", Flow::stranger);
        run("permissions", Flow::permissions);
        run("a_send_waits_for_room", Flow::waits);
        run("a_send_that_waits_too_long_fails", Flow::tooLong);
        run("a_commit_waits_for_room", Flow::commit);
        run("one_connection_sends_and_receives", Flow::both);
        run("full_is_advised", Flow::full);
        run("slow_and_discarded_are_advised", Flow::slow);
        System.out.println("end");
        System.exit(0);
    }

    static void run(String name, Case one) {
        try {
            one.run();
            System.out.println("ok " + name);
        } catch (Throwable fault) {
            System.out.println("failed " + name + ": " + fault);
        }
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static ActiveMQConnection connect(String user) throws JMSException {
        var connection = (ActiveMQConnection) factory.createConnection(user, "pass-" + user);
        connection.start();
        return connection;
    }

    static Session auto(ActiveMQConnection connection) throws JMSException {
        return connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    static void stranger() throws Exception {
        try {
            var connection = factory.createConnection("joe", "wrong");
            connection.start();
        } catch (JMSException refused) {
            return;
        }
        check(false, "let in with a wrong password");
    }

    static void permissions() throws Exception {
        var session = auto(connect("joe"));
        session.createProducer(session.createQueue("open.a")).send(session.createTextMessage("x"));
        check(session.createConsumer(session.createQueue("open.a")).receive(SOON) != null, "not got");
        for (String name : new String[] {"closed.a", "open.a.b"}) {
            try {
                session.createProducer(session.createQueue(name)).send(session.createTextMessage("x"));
            } catch (JMSException refused) {
                check(refused.getMessage().contains("not authorized"), "unclear: " + refused);
                continue;
            }
            check(false, "joe wrote to " + name);
        }
        try {
            session.createConsumer(session.createQueue("closed.a"));
        } catch (JMSException refused) {
            return;
        }
        check(false, "joe reads closed.a");
    }

    static CompletableFuture<Void> later(Case action) {
        var done = new CompletableFuture<Void>();
        var thread = new Thread(() -> {
            try {
                action.run();
                done.complete(null);
            } catch (Exception fault) {
                done.completeExceptionally(fault);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return done;
    }

    static boolean waits(CompletableFuture<Void> action) throws Exception {
        try {
            action.get(300, TimeUnit.MILLISECONDS);
            return false;
        } catch (TimeoutException waiting) {
            return true;
        }
    }

    /** Three persistent messages: all that a queue holds. */
    static MessageProducer fill(Session session, String name) throws JMSException {
        MessageProducer producer = session.createProducer(session.createQueue(name));
        for (int n = 0; n < 3; n++) {
            producer.send(session.createTextMessage("" + n));
        }
        return producer;
    }

    static void drain(Session session, String name, int count) throws JMSException {
        MessageConsumer consumer = session.createConsumer(session.createQueue(name));
        for (int n = 0; n < count; n++) {
            var message = (TextMessage) consumer.receive(SOON);
            check(message != null, n + " is missing");
            check(message.getText().equals("" + n), "out of order: " + message.getText());
        }
        consumer.close();
    }

    static void waits() throws Exception {
        var session = auto(connect("ann"));
        var producer = fill(session, "flow.waits");
        var fourth = later(() -> producer.send(session.createTextMessage("3")));
        check(waits(fourth), "a fourth was taken at once");
        drain(auto(connect("ann")), "flow.waits", 4);
        fourth.get(SOON, TimeUnit.MILLISECONDS);
    }

    static void tooLong() throws Exception {
        var session = auto(connect("ann"));
        var producer = fill(session, "flow.long");
        try {
            producer.send(session.createTextMessage("3"));
        } catch (javax.jms.ResourceAllocationException refused) {
            drain(session, "flow.long", 3);
            return;
        }
        check(false, "it was not refused");
    }

    static void commit() throws Exception {
        var session = connect("ann").createSession(true, Session.SESSION_TRANSACTED);
        fill(session, "flow.commit");
        session.commit();
        session.createProducer(session.createQueue("flow.commit")).send(session.createTextMessage("3"));
        var commit = later(session::commit);
        check(waits(commit), "committed into a full queue");
        drain(auto(connect("ann")), "flow.commit", 4);
        commit.get(SOON, TimeUnit.MILLISECONDS);
    }

    static void both() throws Exception {
        var connection = connect("ann");
        connection.setUseAsyncSend(true);
        var session = auto(connection);
        Queue queue = session.createQueue("flow.both");
        MessageConsumer consumer = auto(connection).createConsumer(queue);
        MessageProducer producer = session.createProducer(queue);
        for (int n = 0; n < 50; n++) {
            producer.send(session.createTextMessage("" + n));
        }
        for (int n = 0; n < 50; n++) {
            var message = (TextMessage) consumer.receive(SOON);
            check(message != null && message.getText().equals("" + n), n + " is missing");
        }
    }

    static MessageConsumer listen(String topic) throws JMSException {
        var session = auto(connect("ann"));
        return session.createConsumer(session.createTopic("ActiveMQ.Advisory." + topic));
    }

    static void full() throws Exception {
        MessageConsumer told = listen("FULL.Queue.flow.full");
        var session = auto(connect("ann"));
        var producer = fill(session, "flow.full");
        later(() -> producer.send(session.createTextMessage("3")));
        Message full = told.receive(SOON);
        check(full != null, "not told");
        check(full.getStringProperty("usageName").contains("flow.full"), "of what?");
        drain(auto(connect("ann")), "flow.full", 4);
    }

    static void slow() throws Exception {
        MessageConsumer slow = listen("SlowConsumer.Topic.flow.slow");
        MessageConsumer discarded = listen("MessageDiscarded.Topic.flow.slow");
        var session = auto(connect("ann"));
        Topic topic = session.createTopic("flow.slow?consumer.prefetchSize=1");
        MessageConsumer consumer = session.createConsumer(topic);
        var sending = auto(connect("ann"));
        MessageProducer producer = sending.createProducer(sending.createTopic("flow.slow"));
        for (int n = 0; n < 20; n++) {
            producer.send(sending.createTextMessage("" + n));
        }
        Message told = slow.receive(SOON);
        check(told != null, "the slow consumer is not told");
        String id = told.getStringProperty("consumerId");
        told = discarded.receive(SOON);
        check(told != null, "the discarded message is not told");
        check(id.equals(told.getStringProperty("consumerId")), "not the same consumer");
        check(told.getStringProperty("orignalMessageId") != null, "which message?");
        check(consumer.receive(SOON) != null, "the first is there");
    }
}
