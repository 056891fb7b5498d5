import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What every event must look like, expected or not: the layouts that old clients read by position.
 * A field is one of the words below, alone or behind a label with ":"; "*" repeats the last field.
 */
final class Layouts {
    private static final String CALL =
        "callstate DialogID:text any vars time? CallType:any ParticipantsCount:count participants:parties";
    private static final String REASON = "category codes:any labels:any";
    private static final String BOOK = "book *";
    private static final Map<String, String> EVENTS = Map.ofEntries(
        Map.entry("ConnectStatus", "text"),
        Map.entry("State", "state any any state? time? any text any"),
        Map.entry("AgentInfo", "any any flag any Teams:count teams any any"),
        Map.entry("DialogStatus", "calls number"),
        Map.entry("NewInboundCall", "any vars DialogID:text CallType:any time?"),
        Map.entry("InboundCall", CALL),
        Map.entry("ConsultCall", CALL),
        Map.entry("DialogState", CALL.replace("vars", "vars?")),
        Map.entry("DialogControls", "DialogID:text Controls:any"),
        Map.entry("ReasonCodes", REASON),
        Map.entry("TeamUsersList", "user *"),
        Map.entry("QueueList", "queue *"),
        Map.entry("Phonebooks", BOOK),
        Map.entry("TeamPhoneBooks", BOOK),
        Map.entry("PhonebookContacts", "contact *"),
        Map.entry("Error", "text text"),
        Map.entry("Control", "text text"));
    private static final Set<String> SYSTEM = Set.of("IN_SERVICE", "OUT_OF_SERVICE", "RECONNECT");
    private static final Set<String> STATES = Set.of("UNKNOWN", "READY", "NOT_READY", "LOGOUT",
        "TALKING", "RESERVED", "RESERVED_OUTBOUND", "RESERVED_OUTBOUND_PREVIEW", "WORK",
        "WORK_READY", "HOLD");
    private static final Set<String> CALL_STATES = Set.of("INITIATING", "INITIATED", "ALERTING",
        "ACTIVE", "HELD", "ACCEPTED", "FAILED", "DROPPED", "NotFound");
    private static final List<String> USER = List.of("firstName", "lastName", "extension",
        "loginId", "state", "reasonCode", "pendingState", "stateChangeTime");
    private static final List<String> QUEUE = List.of("name", "agentsNotReady", "agentsReady",
        "talkingInbound", "talkingInternal", "talkingOutbound", "wrapUpNotReady", "wrapUpReady",
        "callsInQueue", "startTimeOfLongestCallInQueue");

    private Layouts() {
    }

    /** The name of an event: its field 1. */
    static String name(String event) {
        String[] fields = event.split("#", -1);
        return fields.length < 2 ? "" : fields[1];
    }

    /** Whether it speaks of the service: clients test field 1; an agent in field 0 is meant alone. */
    static boolean isSystem(String event) {
        String[] fields = event.split("#", -1);
        return fields.length == 2 && SYSTEM.contains(fields[1])
            && fields[0].matches("System|\\d+");
    }

    /** Why no old client could read the event; null when it can. */
    static String fault(String event) {
        String[] fields = event.split("#", -1);
        if (isSystem(event)) {
            return null;
        }
        if (fields.length < 2 || !fields[0].matches("\\d+")) {
            return "field 0 is no agent";
        }
        String layout = EVENTS.get(fields[1]);
        if (layout == null) {
            return "no such event";
        }
        String[] kinds = layout.split(" ");
        boolean repeats = kinds[kinds.length - 1].equals("*");
        int least = repeats ? 2 : 2 + kinds.length;
        if (fields.length < least || !repeats && fields.length > least) {
            return fields.length + " fields for " + least;
        }
        int count = -1;
        for (int n = 2; n < fields.length; n++) {
            String kind = kinds[Math.min(n - 2, kinds.length - (repeats ? 2 : 1))];
            String value = fields[n];
            int colon = kind.indexOf(':');
            if (colon >= 0) {
                // A label is split at its first ":", whatever follows.
                String label = kind.substring(0, colon);
                String[] sides = value.split(":", 2);
                if (sides.length < 2 || !sides[0].equals(label)) {
                    return "field " + n + " has no label " + label + ": " + value;
                }
                kind = kind.substring(colon + 1);
                value = sides[1];
            }
            if (kind.equals("count")) {
                count = value.matches("\\d+") ? Integer.parseInt(value) : -2;
            }
            if (!isOne(kind, value, count)) {
                return "field " + n + " is no " + kind + ": " + value;
            }
        }
        return null;
    }

    private static boolean isOne(String kind, String value, int count) {
        switch (kind) {
            case "any":
                return true;
            case "text":
                return !value.isEmpty();
            case "number":
                return value.matches("\\d+");
            case "count":
                return count >= 0;
            case "time":
                return value.matches(Pattern.TIME);
            case "time?":
                return value.isEmpty() || value.matches(Pattern.TIME);
            case "flag":
                return value.equals("true") || value.equals("false");
            case "calls":
                return value.equals("ACTIVE") || value.equals("NONE");
            case "state":
                return STATES.contains(value);
            case "state?":
                return value.isEmpty() || STATES.contains(value);
            case "callstate":
                return CALL_STATES.contains(value);
            case "category":
                return Set.of("WrapUp", "LOGOUT", "NOT_READY").contains(value);
            case "vars":
                return isVariables(value);
            case "vars?":
                return value.isEmpty() || isVariables(value);
            case "teams":
                return isList(value, count, 2);
            case "parties":
                return isList(value, count, 5) && areParties(value);
            case "user":
                return isLabelled(value, USER);
            case "queue":
                return isLabelled(value, QUEUE);
            case "book":
                return value.equals("NoTeamPhoneBookFound") || value.split(",", -1).length == 3;
            case "contact":
                return value.equals("NoContactFound") || value.split(",", -1).length == 5;
            default:
                throw new AssertionError(kind);
        }
    }

    /** Call variables by name in their order; what has no "=" stands under its whole text. */
    static Map<String, String> variables(String field) {
        Map<String, String> variables = new LinkedHashMap<>();
        for (String pair : field.split("\\|", -1)) {
            String[] sides = pair.split("=", 2);
            variables.put(sides[0], sides.length < 2 ? null : sides[1]);
        }
        return variables;
    }

    /** ani, associatedDialogId, callVariable1 to 10, then others. */
    private static boolean isVariables(String field) {
        Map<String, String> variables = variables(field);
        if (variables.containsValue(null) || variables.size() < 12) {
            return false;
        }
        int n = 0;
        for (String name : variables.keySet()) {
            String wanted = n == 0 ? "ani" : n == 1 ? "associatedDialogId" : "callVariable" + (n - 1);
            if (n < 12 && !name.equals(wanted)) {
                return false;
            }
            n++;
        }
        return true;
    }

    private static boolean isList(String value, int count, int subFields) {
        if (value.isEmpty()) {
            return count == 0;
        }
        String[] items = value.split("\\|", -1);
        for (String item : items) {
            if (item.split(",", -1).length != subFields) {
                return false;
            }
        }
        return items.length == count;
    }

    private static boolean areParties(String value) {
        for (String item : value.isEmpty() ? new String[0] : value.split("\\|", -1)) {
            String[] sub = item.split(",", -1);
            if (sub[0].isEmpty() || sub[1].isEmpty() || !isOne("time?", sub[4], 0)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLabelled(String value, List<String> labels) {
        String[] sub = value.split(",", -1);
        if (sub.length != labels.size()) {
            return false;
        }
        for (int n = 0; n < sub.length; n++) {
            String[] sides = sub[n].split(":", 2);
            if (sides.length < 2 || !sides[0].equals(labels.get(n))) {
                return false;
            }
        }
        return true;
    }
}
