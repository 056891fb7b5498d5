import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Iterator;
import java.util.Map;

/** Events in the JSON form, laid flat so that the table can say what each key must hold. */
final class Json {
    private Json() {
    }

    /**
     * {"type":"State","agentId":"1001","state":"READY"} becomes 1001#State#state=READY: the agent,
     * the type, then each key with its value in order; list[0].key for what lies deeper.
     */
    static String flat(String event) throws JsonProcessingException {
        JsonNode json = new ObjectMapper().readTree(event);
        if (!json.isObject() || !"type".equals(json.fieldNames().next())) {
            throw new AssertionError("no event begins so: " + event);
        }
        StringBuilder flat = new StringBuilder();
        flat.append(json.path("agentId").asText()).append('#').append(json.path("type").asText());
        Iterator<Map.Entry<String, JsonNode>> entries = json.fields();
        while (entries.hasNext()) {
            Map.Entry<String, JsonNode> entry = entries.next();
            if (!entry.getKey().equals("type") && !entry.getKey().equals("agentId")) {
                add(flat, entry.getKey(), entry.getValue());
            }
        }
        return flat.toString();
    }

    private static void add(StringBuilder flat, String path, JsonNode value) {
        if (value.isObject()) {
            value.fields().forEachRemaining(
                entry -> add(flat, path + "." + entry.getKey(), entry.getValue()));
        } else if (value.isArray()) {
            for (int n = 0; n < value.size(); n++) {
                add(flat, path + "[" + n + "]", value.get(n));
            }
        } else {
            flat.append('#').append(path).append('=').append(value.asText());
        }
    }
}
