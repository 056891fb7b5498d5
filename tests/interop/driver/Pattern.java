import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;

/**
 * What an event must look like: its text, with words in braces for what is not known before.
 *
 * {time} {time?} {number} {text} {any}   what their names say; {text} is not empty
 * {rest}                                 at the end: whatever follows, further fields too
 * {name}                                 a value that was given or found before
 * {new name}                             not empty, and kept under that name
 * {vars a=1 b=}                          all call variables in order, these with these values
 * {parties 2001,ACTIVE 5551234,HELD}     the parties of a call in any order
 */
final class Pattern {
    static final String TIME = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d";
    private static final java.util.regex.Pattern WORD =
        java.util.regex.Pattern.compile("\\{([^{}]*)\\}");
    final String text;
    private final List<String> fields;
    private final Map<String, String> values;

    Pattern(String text, Map<String, String> values) {
        this.text = text;
        this.values = values;
        this.fields = Arrays.asList(text.split("#", -1));
    }

    /** The text with its known words filled in; an unknown one is a fault of the table. */
    static String filled(String text, Map<String, String> values) {
        Matcher words = WORD.matcher(text);
        StringBuilder filled = new StringBuilder();
        while (words.find()) {
            String value = values.get(words.group(1));
            if (value == null) {
                throw new AssertionError("the table has no value for " + words.group());
            }
            words.appendReplacement(filled, Matcher.quoteReplacement(value));
        }
        return words.appendTail(filled).toString();
    }

    /** Why the event does not look like this; null when it does. Then the new values are kept. */
    String fault(String event) {
        boolean isOpen = text.endsWith("{rest}");
        String[] came = event.split("#", isOpen ? fields.size() : -1);
        if (came.length != fields.size()) {
            return came.length + " fields for " + fields.size();
        }
        Map<String, String> found = new LinkedHashMap<>();
        for (int n = 0; n < came.length; n++) {
            String fault = fieldFault(fields.get(n), came[n], found);
            if (fault != null) {
                return "field " + n + ": " + fault;
            }
        }
        values.putAll(found);
        return null;
    }

    private String fieldFault(String wanted, String came, Map<String, String> found) {
        Matcher list = java.util.regex.Pattern.compile("(.*)\\{(vars|parties)([^{}]*(?:\\{[^{}]*\\}[^{}]*)*)\\}")
            .matcher(wanted);
        if (list.matches()) {
            if (!came.startsWith(list.group(1))) {
                return "\"" + came + "\" does not begin with " + list.group(1);
            }
            String items = came.substring(list.group(1).length());
            String rest = list.group(3).strip();
            List<String> words = rest.isEmpty() ? List.of() : List.of(rest.split("\\s+"));
            return list.group(2).equals("vars") ? varsFault(words, items) : partiesFault(words, items);
        }
        List<String> names = new ArrayList<>();
        Matcher words = WORD.matcher(wanted);
        StringBuilder regex = new StringBuilder();
        int end = 0;
        while (words.find()) {
            regex.append(java.util.regex.Pattern.quote(wanted.substring(end, words.start())));
            regex.append(regexOf(words.group(1), names));
            end = words.end();
        }
        regex.append(java.util.regex.Pattern.quote(wanted.substring(end)));
        Matcher match = java.util.regex.Pattern.compile(regex.toString()).matcher(came);
        if (!match.matches()) {
            return "\"" + came + "\" for \"" + wanted + "\"";
        }
        for (int n = 0; n < names.size(); n++) {
            found.put(names.get(n), match.group(n + 1));
        }
        return null;
    }

    private String regexOf(String word, List<String> names) {
        switch (word) {
            case "time":
                return TIME;
            case "time?":
                return "(?:" + TIME + ")?";
            case "number":
                return "\\d+";
            case "text":
                return ".+";
            case "any":
            case "rest":
                return ".*";
            default:
        }
        if (word.startsWith("new ")) {
            names.add(word.substring(4).strip());
            return "(.+)";
        }
        return java.util.regex.Pattern.quote(filled("{" + word + "}", values));
    }

    /** Variables as an old client reads them: split at "|", each at its first "=". */
    private String varsFault(List<String> wanted, String items) {
        Map<String, String> variables = Layouts.variables(items);
        for (String pair : wanted) {
            String[] sides = filled(pair, values).replace('~', ' ').split("=", 2);
            if (!sides[1].equals(variables.get(sides[0]))) {
                return sides[0] + " is " + variables.get(sides[0]) + ", not " + sides[1];
            }
        }
        return null;
    }

    /** Parties as an old client reads them: split at "|", each at ",". */
    private String partiesFault(List<String> wanted, String items) {
        List<String> came = new ArrayList<>();
        for (String party : items.split("\\|", -1)) {
            String[] sub = party.split(",", -1);
            came.add(sub[0] + "," + (sub.length > 1 ? sub[1] : ""));
        }
        List<String> sought = new ArrayList<>();
        wanted.forEach(party -> sought.add(filled(party, values)));
        came.sort(null);
        sought.sort(null);
        return came.equals(sought) ? null : "parties " + came + " for " + sought;
    }
}
