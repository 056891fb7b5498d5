import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.jms.BytesMessage;
import javax.jms.Connection;
import javax.jms.DeliveryMode;
import javax.jms.Destination;
import javax.jms.InvalidClientIDException;
import javax.jms.InvalidDestinationException;
import javax.jms.InvalidSelectorException;
import javax.jms.JMSException;
import javax.jms.MapMessage;
import javax.jms.Message;
import javax.jms.MessageConsumer;
import javax.jms.MessageProducer;
import javax.jms.ObjectMessage;
import javax.jms.Queue;
import javax.jms.Session;
import javax.jms.StreamMessage;
import javax.jms.TemporaryQueue;
import javax.jms.TextMessage;
import javax.jms.Topic;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.apache.activemq.ActiveMQConnection;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.activemq.ActiveMQMessageConsumer;
import org.apache.activemq.ActiveMQSession;
import org.apache.activemq.ActiveMQXAConnectionFactory;
import org.apache.activemq.command.ActiveMQDestination;
import org.apache.activemq.command.ActiveMQMessage;
import org.apache.activemq.command.ConnectionInfo;
import org.apache.activemq.command.ConsumerInfo;
import org.apache.activemq.command.DestinationInfo;
import org.apache.activemq.command.ProducerInfo;
import org.apache.activemq.command.RemoveInfo;

/**
 * What a JMS client expects of a broker, one case after the other, on the client that users have. The
 * arguments: the broker's address, what the broker is ("activemq" or "finewire"), and which cases (none:
 * all). It prints "ok NAME" or "failed NAME: why" for each, and "end".
 */
public final class Cases {
    interface Case {
        void run() throws Exception;
    }

    static String url;
    static boolean finewire;
    static final long SOON = 5000;
    static final long NEVER = 250;
    static final Map<String, Case> CASES = new LinkedHashMap<>();

    public static void main(String[] args) throws Exception {
        url = args[0];
        finewire = args[1].equals("finewire");
        table();
        var wanted = Arrays.asList(args).subList(2, args.length);
        var pool = Executors.newCachedThreadPool(task -> {
            var thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        });
        for (var entry : CASES.entrySet()) {
            if (!wanted.isEmpty() && !wanted.contains(entry.getKey())) {
                continue;
            }
            open.clear();
            var done = pool.submit(() -> {
                entry.getValue().run();
                return null;
            });
            String said = "ok " + entry.getKey();
            try {
                done.get(entry.getKey().equals("many_connections") ? 120 : 30, TimeUnit.SECONDS);
            } catch (TimeoutException late) {
                said = "failed " + entry.getKey() + ": did not end";
            } catch (Exception failed) {
                Throwable cause = failed.getCause() == null ? failed : failed.getCause();
                StringBuilder at = new StringBuilder();
                for (StackTraceElement element : cause.getStackTrace()) {
                    if (element.getClassName().startsWith("Cases")) {
                        at.append(' ').append(element.getLineNumber());
                    }
                }
                said = "failed " + entry.getKey() + ": " + cause + " at" + at;
            }
            for (Connection connection : new ArrayList<>(open)) {
                try {
                    connection.close();
                } catch (Exception gone) {
                    // It may have been cut on purpose.
                }
            }
            System.out.println(said.replace('\n', ' '));
            System.out.flush();
        }
        System.out.println("end");
        System.exit(0);
    }

    static void table() {
        CASES.put("kinds_of_messages", Cases::kinds);
        CASES.put("topic", Cases::topic);
        CASES.put("order", Cases::order);
        CASES.put("selector_on_queue", Cases::selectorOnQueue);
        CASES.put("selector_on_topic", Cases::selectorOnTopic);
        CASES.put("selector_on_headers", Cases::selectorOnHeaders);
        CASES.put("selector_refused", Cases::selectorRefused);
        CASES.put("selector_moves_on_when_a_consumer_goes", Cases::selectorMoves);
        CASES.put("browse", Cases::browse);
        CASES.put("temporary_queue", Cases::temporary);
        CASES.put("temporary_queue_belongs_to_its_connection", Cases::temporaryOwner);
        CASES.put("commit", Cases::commit);
        CASES.put("rollback_and_redelivery_count", Cases::rollback);
        CASES.put("dead_letters", Cases::deadLetters);
        CASES.put("recover", Cases::recover);
        CASES.put("exclusive", Cases::exclusive);
        CASES.put("consumer_priority", Cases::priority);
        CASES.put("pull", Cases::pull);
        CASES.put("composite", Cases::composite);
        CASES.put("wildcards", Cases::wildcards);
        CASES.put("expiry", Cases::expiry);
        CASES.put("advisories_of_connections", Cases::connectionAdvisories);
        CASES.put("advisories_of_consumers_and_producers", Cases::endAdvisories);
        CASES.put("advisories_of_destinations", Cases::destinationAdvisories);
        CASES.put("advisories_of_lost_messages", Cases::lossAdvisories);
        CASES.put("compressed", Cases::compressed);
        CASES.put("large", Cases::large);
        CASES.put("client_acknowledge", Cases::clientAcknowledge);
        CASES.put("individual_acknowledge", Cases::individual);
        CASES.put("dups_ok_acknowledge", Cases::dupsOk);
        CASES.put("listener_without_own_messages", Cases::noLocal);
        CASES.put("unseen_messages_are_not_redelivered", Cases::unseen);
        CASES.put("abrupt_disconnect", Cases::abrupt);
        CASES.put("client_id_in_use", Cases::clientId);
        CASES.put("producer_window", Cases::window);
        CASES.put("anonymous_producer", Cases::anonymous);
        CASES.put("durable_subscription", Cases::durable);
        CASES.put("xa", Cases::xa);
        CASES.put("message_group", Cases::group);
        CASES.put("virtual_topic", Cases::virtualTopic);
        CASES.put("many_connections", Cases::many);
    }

    static final List<Connection> open = Collections.synchronizedList(new ArrayList<>());

    static ActiveMQConnection connect() throws JMSException {
        return connect("");
    }

    static ActiveMQConnection connect(String options) throws JMSException {
        var factory = new ActiveMQConnectionFactory(url + options);
        factory.setTrustAllPackages(true);
        return begin((ActiveMQConnection) factory.createConnection());
    }

    static ActiveMQConnection begin(ActiveMQConnection connection) throws JMSException {
        open.add(connection);
        connection.start();
        return connection;
    }

    static Session auto(Connection connection) throws JMSException {
        return connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static void same(Object expected, Object found) {
        check(expected == null ? found == null : expected.equals(found),
            "expected " + expected + ", not " + found);
    }

    static String text(Message message) throws JMSException {
        check(message != null, "no message came");
        return ((TextMessage) message).getText();
    }

    static void none(MessageConsumer consumer) throws JMSException {
        Message message = consumer.receive(NEVER);
        check(message == null, "a message came that should not: " + message);
    }

    static void send(Session session, Destination to, String text) throws JMSException {
        MessageProducer producer = session.createProducer(to);
        producer.send(session.createTextMessage(text));
        producer.close();
    }

    /** What happens must be refused by finewire with this in its text; ActiveMQ does it. */
    static boolean refused(Case action, String text) throws Exception {
        try {
            action.run();
        } catch (JMSException | XAException refusal) {
            Throwable told = refusal;
            String all = "";
            while (told != null) {
                all += " " + told.getMessage();
                told = told.getCause();
            }
            check(finewire, "refused: " + all);
            check(all.contains(text), "unclear refusal: " + all);
            return true;
        }
        check(!finewire, "it was not refused");
        return false;
    }

    static void kinds() throws Exception {
        Session session = auto(connect());
        Queue queue = session.createQueue("case.kinds");
        MessageProducer producer = session.createProducer(queue);
        MessageConsumer consumer = session.createConsumer(queue);
        TextMessage text = session.createTextMessage("é𝄞\u0000x");
        text.setJMSCorrelationID("c-1");
        text.setJMSType("Kind#é");
        text.setJMSReplyTo(session.createTopic("case.reply"));
        text.setBooleanProperty("z", true);
        text.setByteProperty("y", (byte) -1);
        text.setShortProperty("s", (short) 300);
        text.setIntProperty("i", -70000);
        text.setLongProperty("l", Long.MIN_VALUE);
        text.setFloatProperty("f", 1.5f);
        text.setDoubleProperty("d", -0.0);
        text.setStringProperty("t", "é");
        producer.send(text, DeliveryMode.NON_PERSISTENT, 9, 60000);
        Message got = consumer.receive(SOON);
        same("é𝄞\u0000x", text(got));
        same("c-1", got.getJMSCorrelationID());
        same("Kind#é", got.getJMSType());
        same("topic://case.reply", got.getJMSReplyTo().toString());
        same("queue://case.kinds", got.getJMSDestination().toString());
        same(text.getJMSMessageID(), got.getJMSMessageID());
        same(text.getJMSTimestamp(), got.getJMSTimestamp());
        same(text.getJMSExpiration(), got.getJMSExpiration());
        same(9, got.getJMSPriority());
        same(DeliveryMode.NON_PERSISTENT, got.getJMSDeliveryMode());
        same(false, got.getJMSRedelivered());
        same(1, got.getIntProperty("JMSXDeliveryCount"));
        same(true, got.getObjectProperty("z"));
        same((byte) -1, got.getObjectProperty("y"));
        same((short) 300, got.getObjectProperty("s"));
        same(-70000, got.getObjectProperty("i"));
        same(Long.MIN_VALUE, got.getObjectProperty("l"));
        same(1.5f, got.getObjectProperty("f"));
        same(-0.0, got.getObjectProperty("d"));
        same("é", got.getObjectProperty("t"));
        BytesMessage bytes = session.createBytesMessage();
        bytes.writeBytes(new byte[] {0, -1, 5});
        producer.send(bytes);
        same(3L, ((BytesMessage) consumer.receive(SOON)).getBodyLength());
        MapMessage map = session.createMapMessage();
        map.setLong("n", 7);
        producer.send(map);
        same(7L, ((MapMessage) consumer.receive(SOON)).getLong("n"));
        StreamMessage stream = session.createStreamMessage();
        stream.writeString("a");
        stream.writeInt(5);
        producer.send(stream);
        StreamMessage back = (StreamMessage) consumer.receive(SOON);
        same("a", back.readString());
        same(5, back.readInt());
        producer.send(session.createObjectMessage(new ArrayList<>(List.of("o"))));
        same(List.of("o"), ((ObjectMessage) consumer.receive(SOON)).getObject());
        producer.send(session.createMessage());
        check(consumer.receive(SOON) != null, "an empty message");
    }

    static void topic() throws Exception {
        Session session = auto(connect());
        Topic topic = session.createTopic("case.topic");
        send(session, topic, "early");
        MessageConsumer first = session.createConsumer(topic);
        MessageConsumer second = auto(connect()).createConsumer(topic);
        send(session, topic, "now");
        same("now", text(first.receive(SOON)));
        same("now", text(second.receive(SOON)));
        none(first);
    }

    static void order() throws Exception {
        Session session = auto(connect());
        Queue queue = session.createQueue("case.order");
        BlockingQueue<String> got = new LinkedBlockingQueue<>();
        auto(connect()).createConsumer(queue).setMessageListener(message -> {
            try {
                got.add(text(message));
            } catch (JMSException failed) {
                got.add(failed.toString());
            }
        });
        MessageProducer producer = session.createProducer(queue);
        producer.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
        for (int n = 0; n < 3000; n++) {
            producer.send(session.createTextMessage("" + n));
        }
        for (int n = 0; n < 3000; n++) {
            same("" + n, got.poll(SOON, TimeUnit.MILLISECONDS));
        }
    }

    static void selectorOnQueue() throws Exception {
        Session session = auto(connect());
        Queue queue = session.createQueue("case.selector");
        MessageProducer producer = session.createProducer(queue);
        for (int n = 0; n < 100; n++) {
            Message message = session.createTextMessage("" + n);
            message.setIntProperty("n", n);
            message.setStringProperty("parity", n % 2 == 0 ? "even" : "odd");
            producer.send(message);
        }
        MessageConsumer odd = session.createConsumer(queue, "parity = 'odd' AND n BETWEEN 10 AND 20");
        for (int n = 11; n < 20; n += 2) {
            same("" + n, text(odd.receive(SOON)));
        }
        none(odd);
        MessageConsumer last = session.createConsumer(queue, "n > 97 OR n IS NULL");
        same("98", text(last.receive(SOON)));
        same("99", text(last.receive(SOON)));
        last.close();
        odd.close();
        MessageConsumer rest = session.createConsumer(queue);
        for (int n = 0; n < 98; n++) {
            if (n % 2 == 0 || n < 10 || n > 20) {
                same("" + n, text(rest.receive(SOON)));
            }
        }
        none(rest);
    }

    static void selectorOnTopic() throws Exception {
        Session session = auto(connect());
        Topic topic = session.createTopic("case.selector");
        MessageConsumer red = session.createConsumer(topic, "color = 'red'");
        MessageConsumer other = session.createConsumer(topic, "color <> 'red'");
        for (String color : new String[] {"red", "blue", null, "red"}) {
            Message message = session.createTextMessage("" + color);
            if (color != null) {
                message.setStringProperty("color", color);
            }
            session.createProducer(topic).send(message);
        }
        same("red", text(red.receive(SOON)));
        same("red", text(red.receive(SOON)));
        none(red);
        same("blue", text(other.receive(SOON)));
        none(other);
    }

    static void selectorOnHeaders() throws Exception {
        Session session = auto(connect());
        Queue queue = session.createQueue("case.headers");
        MessageProducer producer = session.createProducer(queue);
        TextMessage message = session.createTextMessage("first");
        message.setJMSType("Login#1");
        message.setJMSCorrelationID("id-7");
        producer.send(message, DeliveryMode.PERSISTENT, 8, 0);
        producer.send(session.createTextMessage("second"), DeliveryMode.NON_PERSISTENT, 2, 0);
        String id = message.getJMSMessageID();
        String[] first = {
            "JMSType LIKE 'Login#%'", "JMSCorrelationID = 'id-7'", "JMSPriority > 5",
            "JMSDeliveryMode = 'PERSISTENT'", "JMSMessageID = '" + id + "'",
            "JMSTimestamp = " + message.getJMSTimestamp() + " AND JMSType IS NOT NULL",
        };
        for (String selector : first) {
            var browser = session.createBrowser(queue, selector);
            Enumeration<?> found = browser.getEnumeration();
            check(found.hasMoreElements(), selector + " finds nothing");
            same("first", text((Message) found.nextElement()));
            check(!found.hasMoreElements(), selector + " finds too much");
            browser.close();
        }
        MessageConsumer second = session.createConsumer(queue, "JMSType IS NULL AND NOT (JMSPriority = 8)");
        same("second", text(second.receive(SOON)));
        second.close();
        same("first", text(session.createConsumer(queue).receive(SOON)));
    }

    static void selectorRefused() throws Exception {
        Session session = auto(connect());
        try {
            session.createConsumer(session.createQueue("case.refused"), "a = ");
        } catch (InvalidSelectorException expected) {
            return;
        }
        check(false, "it was taken");
    }

    static void selectorMoves() throws Exception {
        ActiveMQConnection connection = connect();
        Session session = auto(connection);
        Queue queue = session.createQueue("case.moves");
        MessageConsumer first = auto(connect()).createConsumer(queue, "n = 1");
        MessageProducer producer = session.createProducer(queue);
        for (int n = 0; n < 10; n++) {
            Message message = session.createTextMessage("" + n);
            message.setIntProperty("n", n % 2);
            producer.send(message);
        }
        same("1", text(first.receive(SOON)));
        MessageConsumer second = session.createConsumer(queue, "n IN ('x') OR n = 1");
        first.close();
        for (int n = 3; n < 10; n += 2) {
            same("" + n, text(second.receive(SOON)));
        }
        none(second);
    }

    static void browse() throws Exception {
        Session session = auto(connect());
        Queue queue = session.createQueue("case.browse");
        for (int n = 0; n < 5; n++) {
            send(session, queue, "" + n);
        }
        for (int round = 0; round < 2; round++) {
            Enumeration<?> found = session.createBrowser(queue).getEnumeration();
            for (int n = 0; n < 5; n++) {
                check(found.hasMoreElements(), "message " + n + " is not seen");
                same("" + n, text((Message) found.nextElement()));
            }
            check(!found.hasMoreElements(), "too many are seen");
        }
        MessageConsumer consumer = session.createConsumer(queue);
        for (int n = 0; n < 5; n++) {
            same("" + n, text(consumer.receive(SOON)));
        }
        check(!session.createBrowser(queue).getEnumeration().hasMoreElements(), "it is not empty");
    }

    static void temporary() throws Exception {
        Session server = auto(connect());
        Queue queue = server.createQueue("case.request");
        server.createConsumer(queue).setMessageListener(request -> {
            try {
                TextMessage answer = server.createTextMessage("re: " + text(request));
                answer.setJMSCorrelationID(request.getJMSMessageID());
                server.createProducer(null).send(request.getJMSReplyTo(), answer);
            } catch (JMSException failed) {
                failed.printStackTrace();
            }
        });
        Session session = auto(connect());
        TemporaryQueue replies = session.createTemporaryQueue();
        MessageConsumer consumer = session.createConsumer(replies);
        for (int n = 0; n < 20; n++) {
            TextMessage request = session.createTextMessage("" + n);
            request.setJMSReplyTo(replies);
            session.createProducer(queue).send(request);
            Message answer = consumer.receive(SOON);
            same("re: " + n, text(answer));
            same(request.getJMSMessageID(), answer.getJMSCorrelationID());
        }
        try {
            replies.delete();
            check(false, "deleted while it has a consumer");
        } catch (JMSException expected) {
            consumer.close();
            replies.delete();
        }
    }

    static void temporaryOwner() throws Exception {
        ActiveMQConnection owner = connect();
        TemporaryQueue queue = auto(owner).createTemporaryQueue();
        ActiveMQConnection other = connect();
        Session session = auto(other);
        try {
            session.createConsumer(queue);
            check(false, "it was taken");
        } catch (InvalidDestinationException expected) {
            // Only its own connection may consume.
        }
        send(session, queue, "x");
        owner.close();
        long until = System.currentTimeMillis() + SOON;
        while (true) {
            try {
                send(session, queue, "x");
            } catch (JMSException gone) {
                return;
            }
            check(System.currentTimeMillis() < until, "it is still there");
        }
    }

    static void commit() throws Exception {
        Session session = connect().createSession(true, Session.SESSION_TRANSACTED);
        Queue queue = session.createQueue("case.commit");
        Session observer = auto(connect());
        MessageConsumer seen = observer.createConsumer(queue);
        send(session, queue, "a");
        send(session, queue, "b");
        none(seen);
        session.commit();
        same("a", text(seen.receive(SOON)));
        same("b", text(seen.receive(SOON)));
        seen.close();
        send(observer, queue, "c");
        same("c", text(session.createConsumer(queue).receive(SOON)));
        session.commit();
        none(observer.createConsumer(queue));
    }

    static void rollback() throws Exception {
        ActiveMQConnection connection = connect("?jms.redeliveryPolicy.initialRedeliveryDelay=0");
        Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
        Queue queue = session.createQueue("case.rollback");
        send(session, queue, "never");
        session.rollback();
        send(auto(connect()), queue, "a");
        MessageConsumer consumer = session.createConsumer(queue);
        for (int count = 1; count <= 3; count++) {
            Message message = consumer.receive(SOON);
            same("a", text(message));
            same(count, message.getIntProperty("JMSXDeliveryCount"));
            same(count > 1, message.getJMSRedelivered());
            session.rollback();
        }
        consumer.close();
        connection.close();
        Session later = connect().createSession(true, Session.SESSION_TRANSACTED);
        Message message = later.createConsumer(queue).receive(SOON);
        same("a", text(message));
        check(message.getJMSRedelivered(), "it is not marked as redelivered");
        check(message.getIntProperty("JMSXDeliveryCount") > 1, "it counts as new");
        later.commit();
    }

    static void deadLetters() throws Exception {
        ActiveMQConnection connection = connect(
            "?jms.redeliveryPolicy.initialRedeliveryDelay=0&jms.redeliveryPolicy.redeliveryDelay=0"
            + "&jms.redeliveryPolicy.maximumRedeliveries=2");
        Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
        Queue queue = session.createQueue("case.poison");
        Session other = auto(connect());
        TextMessage poison = other.createTextMessage("poison");
        poison.setJMSCorrelationID("dead-1");
        poison.setStringProperty("kept", "yes");
        other.createProducer(queue).send(poison);
        MessageConsumer consumer = session.createConsumer(queue);
        for (int n = 0; n < 3; n++) {
            same("poison", text(consumer.receive(SOON)));
            session.rollback();
        }
        none(consumer);
        MessageConsumer dead = other.createConsumer(
            other.createQueue("ActiveMQ.DLQ"), "JMSCorrelationID = 'dead-1'");
        Message message = dead.receive(SOON);
        same("poison", text(message));
        same("yes", message.getStringProperty("kept"));
        check(message.getStringProperty("dlqDeliveryFailureCause") != null, "no cause");
        same("queue://case.poison",
            ((ActiveMQMessage) message).getOriginalDestination().toString());
        same(poison.getJMSMessageID(), message.getJMSMessageID());
    }

    static void recover() throws Exception {
        ActiveMQConnection connection = connect("?jms.redeliveryPolicy.initialRedeliveryDelay=0");
        Session session = connection.createSession(false, Session.CLIENT_ACKNOWLEDGE);
        Queue queue = session.createQueue("case.recover");
        send(session, queue, "a");
        send(session, queue, "b");
        MessageConsumer consumer = session.createConsumer(queue);
        same("a", text(consumer.receive(SOON)));
        same("b", text(consumer.receive(SOON)));
        session.recover();
        Message again = consumer.receive(SOON);
        same("a", text(again));
        check(again.getJMSRedelivered(), "it is not marked");
        same("b", text(consumer.receive(SOON)));
        again.acknowledge();
        none(consumer);
    }

    static void exclusive() throws Exception {
        Session sender = auto(connect());
        ActiveMQConnection first = connect();
        MessageConsumer a = auto(first).createConsumer(sender.createQueue("case.ex?consumer.exclusive=true"));
        MessageConsumer b = auto(connect()).createConsumer(sender.createQueue("case.ex?consumer.exclusive=true"));
        Queue queue = sender.createQueue("case.ex");
        for (int n = 0; n < 10; n++) {
            send(sender, queue, "" + n);
        }
        for (int n = 0; n < 10; n++) {
            same("" + n, text(a.receive(SOON)));
        }
        none(b);
        first.close();
        send(sender, queue, "next");
        same("next", text(b.receive(SOON)));
    }

    static void priority() throws Exception {
        Session session = auto(connect());
        MessageConsumer low = auto(connect()).createConsumer(session.createQueue("case.prio?consumer.priority=1"));
        MessageConsumer high = auto(connect()).createConsumer(session.createQueue("case.prio?consumer.priority=9"));
        Queue queue = session.createQueue("case.prio");
        for (int n = 0; n < 10; n++) {
            send(session, queue, "" + n);
        }
        for (int n = 0; n < 10; n++) {
            same("" + n, text(high.receive(SOON)));
        }
        none(low);
    }

    static void pull() throws Exception {
        Session session = auto(connect("?jms.prefetchPolicy.all=0"));
        Queue queue = session.createQueue("case.pull");
        MessageConsumer one = session.createConsumer(queue);
        MessageConsumer two = session.createConsumer(queue, "n = 2");
        same(null, one.receiveNoWait());
        same(null, one.receive(100));
        Session sender = auto(connect());
        for (int n = 0; n < 3; n++) {
            Message message = sender.createTextMessage("" + n);
            message.setIntProperty("n", n);
            sender.createProducer(queue).send(message);
        }
        same("2", text(two.receive(SOON)));
        same("0", text(one.receive(SOON)));
        same("1", text(one.receive()));
        same(null, one.receiveNoWait());
        var waiting = new LinkedBlockingQueue<String>();
        new Thread(() -> {
            try {
                waiting.add(text(one.receive(SOON)));
            } catch (Exception failed) {
                waiting.add(failed.toString());
            }
        }).start();
        send(sender, queue, "late");
        same("late", waiting.poll(SOON, TimeUnit.MILLISECONDS));
    }

    static void composite() throws Exception {
        Session session = auto(connect());
        MessageConsumer a = session.createConsumer(session.createQueue("case.ca"));
        MessageConsumer b = session.createConsumer(session.createTopic("case.cb"));
        MessageConsumer both = session.createConsumer(session.createQueue("case.cc,case.cd"));
        send(session, session.createQueue("case.ca,topic://case.cb"), "x");
        same("x", text(a.receive(SOON)));
        same("x", text(b.receive(SOON)));
        send(session, session.createQueue("case.cc"), "c");
        send(session, session.createQueue("case.cd"), "d");
        Set<String> got = new HashSet<>();
        got.add(text(both.receive(SOON)));
        got.add(text(both.receive(SOON)));
        same(Set.of("c", "d"), got);
    }

    static void wildcards() throws Exception {
        Session session = auto(connect());
        MessageConsumer one = session.createConsumer(session.createTopic("case.w.*"));
        MessageConsumer all = session.createConsumer(session.createTopic("case.w.>"));
        MessageConsumer queues = session.createConsumer(session.createQueue("case.wq.>"));
        send(session, session.createTopic("case.w.a"), "a");
        send(session, session.createTopic("case.w.a.b"), "ab");
        same("a", text(one.receive(SOON)));
        none(one);
        same("a", text(all.receive(SOON)));
        same("ab", text(all.receive(SOON)));
        send(session, session.createQueue("case.wq.new"), "q");
        Message message = queues.receive(SOON);
        same("q", text(message));
        same("queue://case.wq.new", message.getJMSDestination().toString());
    }

    static void expiry() throws Exception {
        Session session = auto(connect());
        Queue queue = session.createQueue("case.expiry");
        MessageProducer producer = session.createProducer(queue);
        producer.send(session.createTextMessage("stays"), DeliveryMode.PERSISTENT, 4, 0);
        TextMessage late = session.createTextMessage("late");
        late.setJMSCorrelationID("expired-1");
        producer.send(late, DeliveryMode.PERSISTENT, 4, 50);
        Thread.sleep(200);
        MessageConsumer consumer = session.createConsumer(queue);
        same("stays", text(consumer.receive(SOON)));
        none(consumer);
        MessageConsumer dead = session.createConsumer(
            session.createQueue("ActiveMQ.DLQ"), "JMSCorrelationID = 'expired-1'");
        Message message = dead.receive(SOON);
        same("late", text(message));
        same(0L, message.getJMSExpiration());
    }

    static MessageConsumer listen(String topic) throws JMSException {
        return auto(connect()).createConsumer(new org.apache.activemq.command.ActiveMQTopic(topic));
    }

    static Object payload(MessageConsumer consumer) throws JMSException {
        Message message = consumer.receive(SOON);
        check(message != null, "no advisory came");
        same("Advisory", message.getJMSType());
        check(message.getStringProperty("originBrokerId") != null, "no broker id");
        return ((ActiveMQMessage) message).getDataStructure();
    }

    static void connectionAdvisories() throws Exception {
        MessageConsumer consumer = listen("ActiveMQ.Advisory.Connection");
        while (consumer.receive(NEVER) != null) {
            // Those that are there already.
        }
        ActiveMQConnection other = connect();
        String id = other.getConnectionInfo().getConnectionId().toString();
        ConnectionInfo info = (ConnectionInfo) payload(consumer);
        same(id, info.getConnectionId().toString());
        check(info.getPassword() == null || info.getPassword().isEmpty(), "a password is told");
        other.close();
        same(id, ((RemoveInfo) payload(consumer)).getObjectId().toString());
    }

    static void endAdvisories() throws Exception {
        MessageConsumer consumers = listen("ActiveMQ.Advisory.Consumer.Queue.case.ends");
        MessageConsumer producers = listen("ActiveMQ.Advisory.Producer.Queue.case.ends");
        Session session = auto(connect());
        Queue queue = session.createQueue("case.ends");
        MessageConsumer consumer = session.createConsumer(queue, "a = 1");
        Message told = consumers.receive(SOON);
        check(told != null, "no advisory of the consumer");
        same(1, told.getIntProperty("consumerCount"));
        ConsumerInfo info = (ConsumerInfo) ((ActiveMQMessage) told).getDataStructure();
        same("queue://case.ends", info.getDestination().toString());
        same("a = 1", info.getSelector());
        MessageProducer producer = session.createProducer(queue);
        told = producers.receive(SOON);
        check(told != null, "no advisory of the producer");
        same(1, told.getIntProperty("producerCount"));
        ProducerInfo made = (ProducerInfo) ((ActiveMQMessage) told).getDataStructure();
        same("queue://case.ends", made.getDestination().toString());
        MessageConsumer late = listen("ActiveMQ.Advisory.Producer.Queue.case.ends");
        check(payload(late) instanceof ProducerInfo, "the producer is not told to a late listener");
        consumer.close();
        told = consumers.receive(SOON);
        same(0, told.getIntProperty("consumerCount"));
        check(((ActiveMQMessage) told).getDataStructure() instanceof RemoveInfo, "not a removal");
        producer.close();
        told = producers.receive(SOON);
        same(0, told.getIntProperty("producerCount"));
        check(((ActiveMQMessage) told).getDataStructure() instanceof RemoveInfo, "not a removal");
    }

    static void destinationAdvisories() throws Exception {
        ActiveMQConnection watching = connect();
        MessageConsumer queues = listen("ActiveMQ.Advisory.Queue");
        MessageConsumer temporary = listen("ActiveMQ.Advisory.TempQueue");
        Session session = auto(watching);
        send(session, session.createQueue("case.born"), "x");
        String name;
        do {
            DestinationInfo info = (DestinationInfo) payload(queues);
            name = info.getDestination().toString();
        } while (!name.equals("queue://case.born"));
        while (temporary.receive(NEVER) != null) {
            // Those of others.
        }
        TemporaryQueue queue = session.createTemporaryQueue();
        DestinationInfo info = (DestinationInfo) payload(temporary);
        check(info.isAddOperation(), "not an addition");
        same(queue.getQueueName(), info.getDestination().getPhysicalName());
        queue.delete();
        check(((DestinationInfo) payload(temporary)).isRemoveOperation(), "not a removal");
    }

    static void lossAdvisories() throws Exception {
        MessageConsumer expired = listen("ActiveMQ.Advisory.Expired.Queue.case.loss");
        MessageConsumer dead = listen("ActiveMQ.Advisory.MessageDLQd.Queue.case.loss");
        Session session = auto(connect());
        Queue queue = session.createQueue("case.loss");
        MessageProducer producer = session.createProducer(queue);
        TextMessage message = session.createTextMessage("x");
        producer.send(message, DeliveryMode.PERSISTENT, 4, 30);
        Thread.sleep(150);
        none(session.createConsumer(queue));
        Message told = expired.receive(SOON);
        check(told != null, "the expiry is not told");
        same(message.getJMSMessageID(), told.getStringProperty("orignalMessageId"));
        told = dead.receive(SOON);
        check(told != null, "the dead letter is not told");
        check(((ActiveMQMessage) told).getDataStructure() != null, "without the message");
    }

    static void compressed() throws Exception {
        Session session = auto(connect("?jms.useCompression=true"));
        Queue queue = session.createQueue("case.compressed");
        String text = "long ".repeat(5000);
        send(session, queue, text);
        BytesMessage bytes = session.createBytesMessage();
        bytes.writeBytes(new byte[20000]);
        session.createProducer(queue).send(bytes);
        MessageConsumer consumer = auto(connect()).createConsumer(queue);
        same(text, text(consumer.receive(SOON)));
        same(20000L, ((BytesMessage) consumer.receive(SOON)).getBodyLength());
    }

    static void large() throws Exception {
        Session session = auto(connect());
        Queue queue = session.createQueue("case.large");
        byte[] data = new byte[10 * 1024 * 1024];
        for (int n = 0; n < data.length; n++) {
            data[n] = (byte) (n * 31 + n / 1000);
        }
        MessageConsumer consumer = auto(connect()).createConsumer(queue);
        for (int n = 0; n < 3; n++) {
            BytesMessage bytes = session.createBytesMessage();
            bytes.writeBytes(data);
            session.createProducer(queue).send(bytes);
        }
        for (int n = 0; n < 3; n++) {
            BytesMessage got = (BytesMessage) consumer.receive(4 * SOON);
            check(got != null, "it did not come");
            byte[] back = new byte[data.length];
            same(data.length, got.readBytes(back));
            check(Arrays.equals(data, back), "it changed");
        }
    }

    static void clientAcknowledge() throws Exception {
        ActiveMQConnection connection = connect();
        Session session = connection.createSession(false, Session.CLIENT_ACKNOWLEDGE);
        Queue queue = session.createQueue("case.client");
        for (int n = 0; n < 5; n++) {
            send(session, queue, "" + n);
        }
        MessageConsumer consumer = session.createConsumer(queue);
        consumer.receive(SOON);
        consumer.receive(SOON).acknowledge();
        same("2", text(consumer.receive(SOON)));
        connection.close();
        MessageConsumer later = auto(connect()).createConsumer(queue);
        for (int n = 2; n < 5; n++) {
            Message message = later.receive(SOON);
            same("" + n, text(message));
            same(n == 2, message.getJMSRedelivered());
        }
        none(later);
    }

    static void individual() throws Exception {
        ActiveMQConnection connection = connect();
        Session session = connection.createSession(false, ActiveMQSession.INDIVIDUAL_ACKNOWLEDGE);
        Queue queue = session.createQueue("case.individual");
        for (int n = 0; n < 4; n++) {
            send(session, queue, "" + n);
        }
        MessageConsumer consumer = session.createConsumer(queue);
        Message[] got = new Message[4];
        for (int n = 0; n < 4; n++) {
            got[n] = consumer.receive(SOON);
        }
        got[2].acknowledge();
        got[0].acknowledge();
        connection.close();
        MessageConsumer later = auto(connect()).createConsumer(queue);
        same("1", text(later.receive(SOON)));
        same("3", text(later.receive(SOON)));
        none(later);
    }

    static void dupsOk() throws Exception {
        ActiveMQConnection connection = connect();
        Session session = connection.createSession(false, Session.DUPS_OK_ACKNOWLEDGE);
        for (Destination to : new Destination[] {session.createQueue("case.dups"), session.createTopic("case.dups")}) {
            MessageConsumer consumer = session.createConsumer(to);
            Session sender = auto(connect());
            for (int n = 0; n < 50; n++) {
                send(sender, to, "" + n);
            }
            for (int n = 0; n < 50; n++) {
                same("" + n, text(consumer.receive(SOON)));
            }
            consumer.close();
        }
        session.close();
        none(auto(connect()).createConsumer(auto(connect()).createQueue("case.dups")));
    }

    static void noLocal() throws Exception {
        ActiveMQConnection connection = connect();
        Session session = auto(connection);
        Topic topic = session.createTopic("case.own");
        BlockingQueue<String> got = new LinkedBlockingQueue<>();
        session.createConsumer(topic, null, true).setMessageListener(message -> {
            try {
                got.add(text(message));
            } catch (JMSException failed) {
                got.add(failed.toString());
            }
        });
        send(auto(connection), topic, "own");
        send(auto(connect()), topic, "other");
        same("other", got.poll(SOON, TimeUnit.MILLISECONDS));
        same(null, got.poll(NEVER, TimeUnit.MILLISECONDS));
    }

    static void unseen() throws Exception {
        ActiveMQConnection connection = connect();
        Session session = auto(connection);
        Queue queue = session.createQueue("case.unseen");
        for (int n = 0; n < 3; n++) {
            send(session, queue, "" + n);
        }
        MessageConsumer consumer = session.createConsumer(queue);
        same("0", text(consumer.receive(SOON)));
        consumer.close();
        MessageConsumer next = session.createConsumer(queue);
        for (int n = 1; n < 3; n++) {
            Message message = next.receive(SOON);
            same("" + n, text(message));
            same(false, message.getJMSRedelivered());
        }
    }

    static void abrupt() throws Exception {
        Session sender = auto(connect());
        Queue queue = sender.createQueue("case.abrupt");
        ActiveMQConnection doomed = connect();
        Session session = doomed.createSession(true, Session.SESSION_TRANSACTED);
        MessageConsumer consumer = session.createConsumer(queue);
        send(sender, queue, "a");
        send(sender, queue, "b");
        same("a", text(consumer.receive(SOON)));
        send(session, queue, "never");
        doomed.getTransport().narrow(java.net.Socket.class);
        doomed.getTransport().stop();
        MessageConsumer next = sender.createConsumer(queue);
        Message message = next.receive(2 * SOON);
        same("a", text(message));
        check(message.getJMSRedelivered(), "it is not marked");
        same("b", text(next.receive(SOON)));
        none(next);
    }

    static void clientId() throws Exception {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url);
        factory.setClientID("case-client");
        begin((ActiveMQConnection) factory.createConnection());
        Connection second = factory.createConnection();
        open.add(second);
        try {
            second.start();
            check(false, "two have one client id");
        } catch (InvalidClientIDException expected) {
            check(expected.getMessage().contains("case-client"), expected.getMessage());
        }
    }

    static void window() throws Exception {
        Session session = auto(connect("?jms.useAsyncSend=true&jms.producerWindowSize=10000"));
        Queue queue = session.createQueue("case.window");
        MessageConsumer consumer = auto(connect()).createConsumer(queue);
        MessageProducer producer = session.createProducer(queue);
        for (int n = 0; n < 200; n++) {
            producer.send(session.createTextMessage("" + n));
        }
        for (int n = 0; n < 200; n++) {
            same("" + n, text(consumer.receive(SOON)));
        }
    }

    static void anonymous() throws Exception {
        Session session = auto(connect());
        MessageProducer producer = session.createProducer(null);
        Queue queue = session.createQueue("case.any");
        producer.send(queue, session.createTextMessage("q"));
        same("q", text(session.createConsumer(queue).receive(SOON)));
    }

    static void durable() throws Exception {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url);
        factory.setClientID("case-durable");
        ActiveMQConnection connection = begin((ActiveMQConnection) factory.createConnection());
        Session session = auto(connection);
        boolean refused = refused(
            () -> session.createDurableSubscriber(session.createTopic("case.durable"), "name").close(),
            "Durable subscriptions are not supported");
        if (refused) {
            refused(() -> session.unsubscribe("name"), "No durable subscription");
        } else {
            session.unsubscribe("name");
        }
        send(session, session.createQueue("case.after"), "x");
        same("x", text(session.createConsumer(session.createQueue("case.after")).receive(SOON)));
    }

    static void xa() throws Exception {
        var connection = new ActiveMQXAConnectionFactory(url).createXAConnection();
        open.add(connection);
        connection.start();
        var session = connection.createXASession();
        XAResource resource = session.getXAResource();
        Xid xid = new Xid() {
            public int getFormatId() {
                return 1;
            }

            public byte[] getGlobalTransactionId() {
                return new byte[] {1, 2};
            }

            public byte[] getBranchQualifier() {
                return new byte[] {3};
            }
        };
        refused(() -> {
            resource.start(xid, XAResource.TMNOFLAGS);
            resource.end(xid, XAResource.TMSUCCESS);
            if (resource.prepare(xid) == XAResource.XA_OK) {
                resource.commit(xid, false);
            }
        }, "XA transactions are not supported");
    }

    static void group() throws Exception {
        Session session = auto(connect());
        Queue queue = session.createQueue("case.group");
        ActiveMQConnection first = connect();
        MessageConsumer[] consumers = {
            auto(first).createConsumer(queue), auto(connect()).createConsumer(queue),
        };
        MessageProducer producer = session.createProducer(queue);
        for (int n = 0; n < 20; n++) {
            TextMessage message = session.createTextMessage("" + n);
            message.setStringProperty("JMSXGroupID", n % 2 == 0 ? "even" : "odd");
            producer.send(message);
        }
        for (int n = 0; n < 20; n++) {
            Message message = consumers[n % 2].receive(SOON);
            same("" + n, text(message));
            same(n < 2, message.getBooleanProperty("JMSXGroupFirstForConsumer"));
        }
        first.close();
        TextMessage message = session.createTextMessage("moved");
        message.setStringProperty("JMSXGroupID", "even");
        producer.send(message);
        Message moved = consumers[1].receive(SOON);
        same("moved", text(moved));
        same(true, moved.getBooleanProperty("JMSXGroupFirstForConsumer"));
    }

    static void virtualTopic() throws Exception {
        Session session = auto(connect());
        Topic topic = session.createTopic("VirtualTopic.case");
        Queue queue = session.createQueue("Consumer.A.VirtualTopic.case");
        MessageConsumer[] consumer = new MessageConsumer[1];
        boolean refused = refused(() -> consumer[0] = session.createConsumer(queue),
            "Virtual topics are not supported");
        if (!refused) {
            send(session, topic, "x");
            same("x", text(consumer[0].receive(SOON)));
        }
    }

    static void many() throws Exception {
        int count = finewire ? 1000 : 200;
        List<MessageConsumer> consumers = new ArrayList<>();
        Session sender = auto(connect());
        Topic topic = sender.createTopic("case.many");
        for (int n = 0; n < count; n++) {
            ActiveMQConnection connection = connect("?jms.watchTopicAdvisories=false");
            consumers.add(auto(connection).createConsumer(topic));
        }
        send(sender, topic, "all");
        for (MessageConsumer consumer : consumers) {
            same("all", text(consumer.receive(2 * SOON)));
        }
        CountDownLatch closed = new CountDownLatch(count);
        for (Connection connection : new ArrayList<>(open)) {
            if (connection instanceof ActiveMQConnection && closed.getCount() > 0) {
                new Thread(() -> {
                    try {
                        ((ActiveMQConnection) connection).getTransport().stop();
                    } catch (Exception gone) {
                        // It goes either way.
                    }
                    closed.countDown();
                }).start();
            }
        }
        check(closed.await(60, TimeUnit.SECONDS), "they do not close");
        open.clear();
        Session after = auto(connect());
        MessageConsumer last = after.createConsumer(topic);
        send(after, topic, "still");
        same("still", text(last.receive(SOON)));
    }
}
