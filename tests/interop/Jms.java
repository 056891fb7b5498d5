import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import javax.jms.Connection;
import javax.jms.DeliveryMode;
import javax.jms.JMSException;
import javax.jms.Message;
import javax.jms.MessageConsumer;
import javax.jms.MessageProducer;
import javax.jms.Queue;
import javax.jms.Session;
import javax.jms.TemporaryQueue;
import javax.jms.TextMessage;
import org.apache.activemq.ActiveMQConnectionFactory;

/**
 * A JMS client on strings: reads commands from its input, a line each, fields split by tabs, and
 * prints what comes. It stands for a CRM's driver (and for any JMS program) in the tests.
 */
public class Jms {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] args) throws Exception {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(args[0]);
        Connection connection =
            args.length > 2 ? factory.createConnection(args[1], args[2]) : factory.createConnection();
        connection.setExceptionListener(e -> say("exception", e.toString()));
        connection.start();
        Session sending = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageProducer producer = sending.createProducer(null);
        producer.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
        producer.setPriority(0);
        Map<String, MessageConsumer> consumers = new HashMap<>();
        say("ready");
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] word = line.split("\t", -1);
            try {
                switch (word[0]) {
                    case "topic":
                    case "queue": {
                        Session session =
                            connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                        MessageConsumer consumer = session.createConsumer(
                            word[0].equals("topic")
                                ? session.createTopic(word[1])
                                : session.createQueue(word[1]));
                        consumer.setMessageListener(m -> got(word[1], m));
                        consumers.put(word[1], consumer);
                        say("subscribed", word[1]);
                        break;
                    }
                    case "close":
                        consumers.remove(word[1]).close();
                        say("closed", word[1]);
                        break;
                    case "send": {
                        TextMessage message = sending.createTextMessage();
                        message.setJMSType(word[2]);
                        if (word.length > 3 && !word[3].isEmpty()) {
                            message.setText(word[3]);
                        }
                        producer.send(sending.createQueue(word[1]), message);
                        say("sent", word[2]);
                        break;
                    }
                    case "publish": {
                        TextMessage message = sending.createTextMessage(word[3]);
                        message.setJMSType(word[2]);
                        producer.send(sending.createTopic(word[1]), message);
                        say("sent", word[2]);
                        break;
                    }
                    case "request": {
                        Session session =
                            connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                        TemporaryQueue reply = session.createTemporaryQueue();
                        MessageConsumer consumer = session.createConsumer(reply);
                        TextMessage message = session.createTextMessage(word[2]);
                        message.setJMSReplyTo(reply);
                        message.setJMSCorrelationID("request-1");
                        session.createProducer(session.createQueue(word[1])).send(message);
                        Message answer = consumer.receive(10_000);
                        if (answer == null) {
                            say("timeout", word[1]);
                        } else {
                            got("reply:" + answer.getJMSCorrelationID(), answer);
                        }
                        consumer.close();
                        reply.delete();
                        break;
                    }
                    default:
                        say("error", "unknown command " + word[0]);
                }
            } catch (JMSException e) {
                say("error", e.toString());
            }
        }
        connection.close();
        say("bye");
    }

    private static void got(String from, Message message) {
        try {
            Message copy = message;
            String text = copy instanceof TextMessage ? ((TextMessage) copy).getText() : "";
            if (copy.getJMSReplyTo() instanceof Queue) {
                say("asked", from, String.valueOf(copy.getJMSType()), String.valueOf(text));
            } else {
                say("got", from, String.valueOf(copy.getJMSType()), String.valueOf(text));
            }
        } catch (JMSException e) {
            say("error", e.toString());
        }
    }

    private static synchronized void say(String... words) {
        OUT.println(String.join("\t", words));
    }
}
