import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import javax.jms.Connection;
import javax.jms.DeliveryMode;
import javax.jms.JMSException;
import javax.jms.MessageProducer;
import javax.jms.Session;
import javax.jms.TextMessage;
import org.apache.activemq.ActiveMQConnectionFactory;

/** The driver's end of the broker: sends commands, keeps the events that come, in their order. */
final class Driver implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 7_000;

    private static final class Got {
        final String topic;
        final String type;
        final String correlation;
        final String body;
        /** Whether a row said that it must come. */
        boolean isExpected;

        Got(String topic, TextMessage message, boolean isJson)
            throws JMSException, JsonProcessingException {
            this.topic = topic;
            type = message.getJMSType();
            correlation = message.getJMSCorrelationID();
            body = isJson ? Json.flat(message.getText()) : message.getText();
        }

        @Override
        public String toString() {
            return topic + " " + body;
        }
    }

    private final Connection connection;
    private final Session sending;
    private final MessageProducer producer;
    private final List<Got> got = new ArrayList<>();
    private final TreeSet<String> names = new TreeSet<>();
    private int rowBegan;
    /** Behind which event the next one of an agent comes, by topic and agent. */
    private final Map<String, Integer> readOf = new HashMap<>();
    /** Behind the last event that was expected. */
    private int read;
    /** Where the events since the last command or step begin. */
    private int askedAt;
    private String exception;
    private boolean isJson;

    Driver(String url) throws JMSException {
        connection = new ActiveMQConnectionFactory(url).createConnection();
        connection.setExceptionListener(e -> exception = e.toString());
        connection.start();
        sending = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        producer = sending.createProducer(null);
        producer.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
        producer.setPriority(0);
    }

    /** Events come in the JSON form from now on. */
    void readJson() {
        synchronized (got) {
            isJson = true;
        }
    }

    void subscribe(String topic) throws JMSException {
        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        session.createConsumer(session.createTopic(topic)).setMessageListener(message -> {
            synchronized (got) {
                try {
                    got.add(new Got(topic, (TextMessage) message, isJson));
                } catch (JMSException | JsonProcessingException | ClassCastException e) {
                    exception = e.toString();
                }
                got.notifyAll();
            }
        });
    }

    /** Something is asked for: what comes from now on may be of it. */
    void ask() {
        synchronized (got) {
            askedAt = Math.max(askedAt, read);
        }
    }

    void send(String queue, String type, String body, String correlation) throws JMSException {
        TextMessage message = sending.createTextMessage();
        message.setJMSType(type);
        if (body != null) {
            message.setText(body);
        }
        if (correlation != null) {
            message.setJMSCorrelationID(correlation);
        }
        producer.send(sending.createQueue(queue), message);
    }

    /** A new row: what came before it is of the past, but not what it may still wait for. */
    void begin() {
        synchronized (got) {
            rowBegan = got.size();
        }
    }

    /**
     * Waits for the next event of the agent on the topic that looks so; others are passed over. Not
     * in order: it may lie anywhere behind the last command.
     */
    void expect(String topic, Pattern wanted, String correlation, boolean inOrder)
        throws InterruptedException {
        long end = System.currentTimeMillis() + PATIENCE_MILLIS;
        String nearest = null;
        String who = topic + " " + wanted.text.split("#", 2)[0];
        synchronized (got) {
            int first = inOrder ? Math.max(askedAt, readOf.getOrDefault(who, 0)) : askedAt;
            for (int n = first;; n++) {
                while (n >= got.size()) {
                    long left = end - System.currentTimeMillis();
                    if (left <= 0 || exception != null) {
                        throw new AssertionError("did not come"
                            + (nearest == null ? "" : "; nearest: " + nearest)
                            + (exception == null ? "" : "; " + exception));
                    }
                    got.wait(left);
                }
                Got one = got.get(n);
                check(one);
                if (one.isExpected || !one.topic.equals(topic)) {
                    continue;
                }
                String fault = wanted.fault(one.body);
                if (fault == null && correlation != null && !correlation.equals(one.correlation)) {
                    fault = "its correlation is " + one.correlation;
                }
                if (fault == null) {
                    one.isExpected = true;
                    readOf.merge(who, 1 + n, Math::max);
                    read = Math.max(read, 1 + n);
                    return;
                }
                if (Layouts.name(one.body).equals(Layouts.name(wanted.text))) {
                    nearest = one.body + " (" + fault + ")";
                }
            }
        }
    }

    /** Nothing that looks so came in this row. */
    void expectNone(String topic, Pattern unwanted) {
        synchronized (got) {
            for (Got one : got.subList(rowBegan, got.size())) {
                if (one.topic.equals(topic) && unwanted.fault(one.body) == null) {
                    throw new AssertionError("came: " + one);
                }
            }
        }
    }

    /** The end of a row: everything that came can be read, and no error was unexpected. */
    void end() {
        synchronized (got) {
            for (Got one : got.subList(0, read)) {
                check(one);
                String name = Layouts.name(one.body);
                if (!one.isExpected && (name.equals("Error") || name.equals("Control"))) {
                    throw new AssertionError("unexpected: " + one);
                }
            }
        }
    }

    private void check(Got one) {
        String fault = isJson ? null : Layouts.fault(one.body);
        if (fault != null) {
            throw new AssertionError("no old client reads this: " + one + " (" + fault + ")");
        }
        String[] fields = one.body.split("#", -1);
        boolean isSystem = Layouts.isSystem(one.body) || fields[1].equals("System");
        names.add(isSystem ? "System#" + fields[1] : fields[1]);
        String type = isSystem ? "System#" : fields[1] + "#" + fields[0];
        if (one.type == null || !one.type.startsWith(type)) {
            throw new AssertionError("JMS type " + one.type + " of " + one);
        }
    }

    TreeSet<String> names() {
        return names;
    }

    int checked() {
        synchronized (got) {
            return got.size();
        }
    }

    /** Prints what came since the row began. */
    void tellSince(int line) {
        synchronized (got) {
            for (Got one : got.subList(Math.min(rowBegan, read), got.size())) {
                System.out.println("  came: " + one + (one.isExpected ? "   (as expected)" : ""));
            }
        }
    }

    @Override
    public void close() throws JMSException {
        connection.close();
    }
}
