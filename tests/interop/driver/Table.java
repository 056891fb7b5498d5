import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Plays one part of the table of commands (commands.table tells how a row is written) as a CRM's
 * driver does, and checks each answer field by field. Prints "row ..." for each row that held; the
 * first that does not ends it with exit code 1, the row, what was expected and what came instead.
 */
public class Table {
    private final Driver driver;
    private final Door door;
    private final Map<String, String> values = new TreeMap<>();
    private final TreeSet<String> verbs = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    private final TreeSet<String> toSend = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    private final TreeSet<String> toCome = new TreeSet<>();
    private String row = "before the first row";
    private String correlation;
    private int line;
    private int rows;

    private Table(Driver driver, Door door) {
        this.driver = driver;
        this.door = door;
    }

    public static void main(String[] args) throws Exception {
        if (args.length < 4) {
            System.err.println("Table <broker> <control file> <table> <part> [<name>=<value>...]");
            System.exit(2);
        }
        Door door = new Door(Path.of(args[1]));
        try (Driver driver = new Driver(args[0])) {
            Table table = new Table(driver, door);
            for (int n = 4; n < args.length; n++) {
                String[] pair = args[n].split("=", 2);
                table.values.put(pair[0], pair[1]);
            }
            List<String> lines = Files.readAllLines(Path.of(args[2]), StandardCharsets.UTF_8);
            try {
                table.play(lines, args[3]);
            } catch (Exception | AssertionError fault) {
                System.out.println("FAILED in line " + table.line + ", row: " + table.row);
                System.out.println("  " + lines.get(table.line - 1).trim());
                System.out.println("  " + fault);
                driver.tellSince(table.line);
                System.exit(1);
            }
            System.out.println("table held: " + table.rows + " rows, " + table.verbs.size()
                + " verbs, " + driver.names().size() + " kinds of events, "
                + driver.checked() + " events checked");
        }
    }

    private void play(List<String> lines, String part) throws Exception {
        boolean ours = false;
        for (line = 1; line <= lines.size(); line++) {
            String text = lines.get(line - 1).strip();
            if (text.isEmpty() || text.startsWith("//")) {
                continue;
            }
            String[] words = text.split("\\s+", 2);
            String rest = words.length > 1 ? words[1] : "";
            if (words[0].equals("part")) {
                ours = rest.equals(part);
            } else if (ours) {
                obey(words[0], rest);
            }
        }
        line = lines.size();
        endOfRow();
        if (rows == 0) {
            throw new AssertionError("the table has no part " + part);
        }
        toSend.removeAll(verbs);
        if (!toSend.isEmpty()) {
            throw new AssertionError("no row sends " + toSend);
        }
        toCome.removeAll(driver.names());
        if (!toCome.isEmpty()) {
            throw new AssertionError("never came: " + toCome);
        }
    }

    private void obey(String mark, String rest) throws Exception {
        switch (mark) {
            case "verbs":
                toSend.addAll(List.of(rest.split("\\s+")));
                break;
            case "events":
                toCome.addAll(List.of(rest.split("\\s+")));
                break;
            case "form":
                driver.readJson();
                break;
            case "topic":
                driver.subscribe(rest);
                break;
            case "row":
                endOfRow();
                row = rest;
                driver.begin();
                rows++;
                break;
            case ">":
                send(rest, null);
                break;
            case ">>":
                correlation = "line-" + line;
                send(rest, correlation);
                break;
            case "<":
            case "&": {
                String[] words = rest.split("\\s+", 2);
                Pattern wanted = new Pattern(words[1], values);
                driver.expect(words[0], wanted, correlation, mark.equals("<"));
                correlation = null;
                break;
            }
            case "none": {
                String[] words = rest.split("\\s+", 2);
                driver.expectNone(words[0], new Pattern(words[1], values));
                break;
            }
            case "!": {
                String[] words = rest.split("=>", 2);
                driver.ask();
                String made = door.step(Pattern.filled(words[0].strip(), values));
                if (words.length > 1) {
                    values.put(words[1].strip(), made);
                }
                break;
            }
            default:
                throw new AssertionError("the table says " + mark);
        }
    }

    /** JMS type and body: the type ends at the first blank that no "#" comes before. */
    private void send(String rest, String correlation) throws Exception {
        String[] words = rest.split(" ", 2);
        String type = Pattern.filled(words[0], values);
        String body = words.length > 1 ? Pattern.filled(words[1], values) : null;
        verbs.add(type.split("#", 2)[0]);
        driver.ask();
        driver.send(values.getOrDefault("queue", "Connector1"), type, body, correlation);
    }

    private void endOfRow() {
        if (rows > 0) {
            driver.end();
            System.out.println("row " + row);
        }
    }
}
