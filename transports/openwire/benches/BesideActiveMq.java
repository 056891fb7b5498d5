import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.activemq.command.WireFormatInfo;
import org.apache.activemq.openwire.OpenWireFormat;
import org.apache.activemq.util.ByteSequence;
import org.apache.activemq.util.DataByteArrayInputStream;
import org.apache.activemq.util.DataByteArrayOutputStream;

/**
 * ActiveMQ's own OpenWireFormat, timed on frames that it is given. `beside_activemq.rs` speaks to it, a
 * line each way:
 *
 * <pre>
 * format TIGHT CACHE FIRST SECOND   frames in hexadecimal: the one that brings the ids, and its successor
 * stream-decode | bytes-decode | stream-encode | bytes-encode TIMES   → nanoseconds of this thread
 * </pre>
 *
 * There are two ways in and two ways out of OpenWireFormat: streams, which its TCP transport uses, and
 * byte sequences. Both are offered, so that the faster one can be taken.
 */
public class BesideActiveMq {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final OpenWireFormat format = new OpenWireFormat(12);
    private final byte[] second;
    private final Object command;
    private final DataByteArrayOutputStream out = new DataByteArrayOutputStream(4096);
    private final DataByteArrayInputStream in = new DataByteArrayInputStream();

    /** What the loops leave behind, so that nothing in them is found to be useless. */
    static volatile Object sink;

    private BesideActiveMq(boolean tight, boolean cache, byte[] first, byte[] second) throws Exception {
        WireFormatInfo info = new WireFormatInfo();
        info.setVersion(12);
        info.setTightEncodingEnabled(tight);
        info.setCacheEnabled(cache);
        info.setCacheSize(1024);
        info.setMaxFrameSize(Long.MAX_VALUE);
        format.setPreferedWireFormatInfo(info);
        format.renegotiateWireFormat(info);
        this.second = second;
        check(first, format.unmarshal(new ByteSequence(first)));
        command = format.unmarshal(new ByteSequence(second));
        check(second, command);
    }

    private void check(byte[] frame, Object command) throws Exception {
        ByteSequence again = format.marshal(command);
        byte[] bytes = Arrays.copyOfRange(again.data, again.offset, again.offset + again.length);
        if (!Arrays.equals(frame, bytes)) {
            throw new IllegalStateException("encoded differently: " + command);
        }
    }

    private long run(String what, int times) throws Exception {
        long begin = THREADS.getCurrentThreadCpuTime();
        switch (what) {
            case "stream-encode" -> streamEncode(times);
            case "bytes-encode" -> bytesEncode(times);
            case "stream-decode" -> streamDecode(times);
            case "bytes-decode" -> bytesDecode(times);
            default -> throw new IllegalArgumentException(what);
        }
        return THREADS.getCurrentThreadCpuTime() - begin;
    }

    private void streamEncode(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            out.restart();
            format.marshal(command, out);
        }
        sink = out;
    }

    private void bytesEncode(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            sink = format.marshal(command);
        }
    }

    private void streamDecode(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            in.restart(second);
            sink = format.unmarshal(in);
        }
    }

    private void bytesDecode(int times) throws Exception {
        ByteSequence frame = new ByteSequence(second);
        for (int i = 0; i < times; i++) {
            frame.offset = 0;
            frame.length = second.length;
            sink = format.unmarshal(frame);
        }
    }

    public static void main(String[] args) throws Exception {
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        BesideActiveMq codec = null;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            if (words[0].equals("format")) {
                codec = new BesideActiveMq(
                    Boolean.parseBoolean(words[1]), Boolean.parseBoolean(words[2]),
                    unhex(words[3]), unhex(words[4]));
                OUT.println("ok");
            } else {
                OUT.println(codec.run(words[0], Integer.parseInt(words[1])));
            }
        }
    }

    private static byte[] unhex(String text) {
        return java.util.HexFormat.of().parseHex(text);
    }
}
