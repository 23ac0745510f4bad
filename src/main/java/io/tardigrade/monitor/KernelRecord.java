package io.tardigrade.monitor;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One record of the kernel's log, as a read of /dev/kmsg returns it; see the kernel's
 * Documentation/ABI/testing/dev-kmsg.
 *
 * <pre>
 *   6,3916,7449902372,-;tardigrade0: port 1(tg0-2) entered disabled state
 *   │   │       │     │ └ text: one line, unprintable bytes as \xNN
 *   │   │       │     └ flags, perhaps more fields, each after a comma
 *   │   │       └ microseconds since boot
 *   │   └ sequence number
 *   └ level (lowest three bits) and facility (the others)
 *    SUBSYSTEM=net                        (lines that begin with a space: not used)
 * </pre>
 *
 * Whoever may write to /dev/kmsg can forge the text, but not facility 0: the kernel marks what
 * comes from user space with another. Only {@link #isOfKernel} records are evidence.
 *
 * @param level 0 (emergency) to 7 (debug)
 * @param sequence counts from boot, without gaps
 */
public record KernelRecord(int level, int facility, long sequence, long uptimeMicros, String text) {
  /** The longest record that the kernel hands out. */
  public static final int RECORD_BYTES_MAX = 8192;

  /** What is kept of a text. */
  public static final int TEXT_CHARS_MAX = 512;

  private static final Pattern HEAD =
      Pattern.compile("(\\d{1,9}),(\\d{1,18}),(\\d{1,18}),[^;\\n]{0,256};");

  /** Reads one record. */
  public static KernelRecord parse(String record) throws UnreadableException {
    String bounded =
        record.length() <= RECORD_BYTES_MAX ? record : record.substring(0, RECORD_BYTES_MAX);
    Matcher head = HEAD.matcher(bounded);
    if (!head.lookingAt()) {
      throw new UnreadableException("/dev/kmsg", "'PRIORITY,SEQUENCE,TIME,FLAGS;TEXT'", record);
    }
    int priority = Integer.parseInt(head.group(1));
    int end = bounded.indexOf('\n', head.end());
    String text = bounded.substring(head.end(), end < 0 ? bounded.length() : end);
    return new KernelRecord(
        priority & 7,
        priority >>> 3,
        Long.parseLong(head.group(2)),
        Long.parseLong(head.group(3)),
        printable(text));
  }

  /** For a fuzzer: everything that looks at a record's text, over any bytes. */
  static int fuzz(byte[] bytes) {
    try {
      KernelRecord record = parse(new String(bytes, StandardCharsets.UTF_8));
      return KernelLogEvent.of(record).isPresent() ? 1 : 0;
    } catch (UnreadableException e) {
      return -1;
    }
  }

  private static String printable(String text) {
    String bounded = text.length() <= TEXT_CHARS_MAX ? text : text.substring(0, TEXT_CHARS_MAX);
    return bounded.replaceAll("\\p{Cntrl}", " ");
  }

  /** Whether the kernel itself wrote it. */
  public boolean isOfKernel() {
    return facility == 0;
  }

  long uptimeMillis() {
    return uptimeMicros / 1000;
  }
}
