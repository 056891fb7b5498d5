import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.activemq.command.ActiveMQDestination;
import org.apache.activemq.command.ActiveMQMessage;
import org.apache.activemq.command.ActiveMQTextMessage;
import org.apache.activemq.command.MessageId;
import org.apache.activemq.filter.BooleanExpression;
import org.apache.activemq.filter.MessageEvaluationContext;
import org.apache.activemq.selector.SelectorParser;

/**
 * ActiveMQ's own opinion on selectors. Each line of the input is a selector (UTF-8 in hex) and, behind
 * tabs, the fields of a message as NAME=TYPE:VALUE. The answer is one word a line: invalid, true,
 * false, null or throws.
 */
public final class Selectors {
    public static void main(String[] args) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        String line;
        while ((line = in.readLine()) != null) {
            out.println(judge(line.split("\t")));
        }
        out.println("end");
        out.flush();
    }

    private static String judge(String[] parts) throws Exception {
        BooleanExpression expression;
        try {
            expression = SelectorParser.parse(text(parts[0]));
        } catch (Throwable refused) {
            return "invalid";
        }
        var message = new ActiveMQTextMessage();
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            set(message, parts[i].substring(0, equals), parts[i].substring(equals + 1));
        }
        var context = new MessageEvaluationContext();
        context.setMessageReference(message);
        try {
            return String.valueOf(expression.evaluate(context)).toLowerCase();
        } catch (Throwable thrown) {
            return "throws";
        }
    }

    private static void set(ActiveMQMessage message, String name, String typed) throws Exception {
        String raw = typed.substring(2);
        Object value = switch (typed.charAt(0)) {
            case 'z' -> Boolean.valueOf(raw);
            case 'y' -> Byte.valueOf(raw);
            case 's' -> Short.valueOf(raw);
            case 'i' -> Integer.valueOf(raw);
            case 'l' -> Long.valueOf(raw);
            case 'f' -> Float.intBitsToFloat(Integer.parseUnsignedInt(raw, 16));
            case 'd' -> Double.longBitsToDouble(Long.parseUnsignedLong(raw, 16));
            default -> text(raw);
        };
        switch (name) {
            case "JMSDestination" -> message.setDestination(destination(value));
            case "JMSReplyTo" -> message.setReplyTo(destination(value));
            case "JMSType" -> message.setType((String) value);
            case "JMSDeliveryMode" -> message.setPersistent("PERSISTENT".equals(value));
            case "JMSPriority" -> message.setPriority(((Integer) value).byteValue());
            case "JMSMessageID" -> message.setMessageId(new MessageId((String) value));
            case "JMSTimestamp" -> message.setTimestamp((Long) value);
            case "JMSCorrelationID" -> message.setCorrelationId((String) value);
            case "JMSExpiration" -> message.setExpiration((Long) value);
            case "JMSXDeliveryCount" -> message.setRedeliveryCounter((Integer) value - 1);
            case "JMSXGroupID" -> message.setGroupID((String) value);
            case "JMSXGroupSeq" -> message.setGroupSequence((Integer) value);
            case "JMSXUserID" -> message.setUserID((String) value);
            case "JMSXGroupFirstForConsumer" -> message.setJMSXGroupFirstForConsumer((Boolean) value);
            case "JMSActiveMQBrokerInTime" -> message.setBrokerInTime((Long) value);
            case "JMSActiveMQBrokerOutTime" -> message.setBrokerOutTime((Long) value);
            default -> message.setObjectProperty(name, value);
        }
    }

    private static ActiveMQDestination destination(Object name) {
        return ActiveMQDestination.createDestination((String) name, ActiveMQDestination.QUEUE_TYPE);
    }

    private static String text(String hex) {
        return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
    }
}
