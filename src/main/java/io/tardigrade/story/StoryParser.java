package io.tardigrade.story;

import io.tardigrade.guest.Quantities;
import io.tardigrade.guest.UsageException;
import io.tardigrade.monitor.ServiceId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the steps of a story: one a line, in order of time.
 *
 * <pre>
 *   # A kernel memory leak is found long before it fills the host.   (the first comment: the title)
 *   0s    memory 16G
 *   0s    guest kv
 *   10m   leak kernel 4G/h
 *   6h    end
 *   │     └ what happens, see below
 *   └ when, since the story began: 90s, 10m, 2h, 1d; never less than in the line above
 *
 *   memory SIZE                         RAM of the host (16G)
 *   disk SIZE                           free space from now on, of 100G (60G)
 *   preserved armed                     preserved memory is as it should be (so it begins)
 *   preserved missing REASON…           it is not
 *   guest NAME                          a guest that a reset resumes; its guardian and hypervisor run
 *   guest NAME not-resettable REASON…   one that it does not
 *   guest NAME expendable REASON…       the same, and its owner agreed to that
 *   guest NAME backup HOST MILLIS       one that runs on HOST after standing still for so long
 *   repair HOST|none                    another host of the cluster is being repaired
 *   switchovers fail|work               what becomes of guests that are to run elsewhere from now on
 *   maintenance on|off
 *   kill|hang|stick SERVICE             ends; lives without answering; is stuck in the kernel
 *   crash-loop SERVICE [off]            ends a few seconds after each start
 *   leak kernel SIZE/s|m|h              grows by so much from now on (0/h: no more)
 *   leak SERVICE SIZE/s|m|h
 *   kernel TEXT…                        the kernel logs this
 *   corrected COUNT MODULE              corrected memory errors
 *   page-lost SERVICE|kernel            an uncorrected memory error in a page of its memory
 *   load PERCENT                        how busy the host is (20)
 *   clock +SPAN|-SPAN                   the wall clock is set
 *   pause SPAN                          the host stands still, as a suspended one does
 *   resets fail|work                    what becomes of resets from now on
 *   diagnoses fail|work                 the same of diagnoses
 *   acknowledge                         the operator has understood failed resets
 *   end                                 of the story; the last line
 *
 *   SERVICE is agent, guardian NAME or hypervisor NAME
 * </pre>
 */
public final class StoryParser {
  /** A story is for people: longer ones are no stories. */
  static final int LINES_MAX = 1000;

  static final int LINE_CHARS_MAX = 1000;
  static final long MILLIS_MAX = 31L * 86_400_000;
  private static final int GUESTS_MAX = 64;
  private static final Pattern TIME = Pattern.compile("(\\d{1,7})([smhd])");
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");
  private static final Pattern RATE = Pattern.compile("(\\d{1,9}[KMGT]?)/([smh])");

  private final String file;
  private final List<Story.Timed> steps = new ArrayList<>();
  private final Set<String> guests = new HashSet<>();
  private String title = "";
  private int lineNumber;

  private StoryParser(String file) {
    this.file = file;
  }

  /**
   * Reads a story.
   *
   * @param file named in errors
   */
  public static Story parse(String name, String file, String text) throws StoryException {
    StoryParser parser = new StoryParser(file);
    for (String line : text.lines().limit(LINES_MAX + 1L).toList()) {
      parser.lineNumber++;
      parser.line(line);
    }
    parser.check(
        !parser.steps.isEmpty() && parser.steps.getLast().step() instanceof Step.End,
        "the story has no end: its last line is to be like '2h end'");
    return new Story(name, parser.title, parser.steps);
  }

  private void line(String line) throws StoryException {
    check(lineNumber <= LINES_MAX, "a story has at most " + LINES_MAX + " lines");
    check(line.length() <= LINE_CHARS_MAX, "a line has at most " + LINE_CHARS_MAX + " characters");
    String text = line.strip();
    if (text.startsWith("#")) {
      title = title.isEmpty() ? text.substring(1).strip() : title;
      return;
    }
    if (text.isEmpty()) {
      return;
    }
    String[] words = text.split("\\s+", 3);
    check(words.length >= 2, "'" + text + "' is no step; write it like '10m kill hypervisor kv'");
    long at = span(words[0]);
    check(
        steps.isEmpty() || at >= steps.getLast().atMillis(),
        words[0] + " is earlier than the line above");
    check(
        steps.isEmpty() || !(steps.getLast().step() instanceof Step.End),
        "nothing comes after the end");
    steps.add(new Story.Timed(at, step(words[1], words.length < 3 ? "" : words[2])));
  }

  private Step step(String verb, String rest) throws StoryException {
    return switch (verb) {
      case "memory" -> new Step.Memory(size(rest, 256L << 20));
      case "disk" -> new Step.Disk(size(rest, 0));
      case "preserved" -> preserved(rest);
      case "guest" -> guest(rest);
      case "repair" -> repair(rest);
      case "switchovers" -> new Step.Switchovers(!choice(rest, "fail", "work"));
      case "maintenance" -> new Step.Maintenance(choice(rest, "on", "off"));
      case "kill" -> new Step.Kill(service(rest));
      case "hang" -> new Step.Hang(service(rest));
      case "stick" -> new Step.Stick(service(rest));
      case "crash-loop" -> crashLoop(rest);
      case "leak" -> leak(rest);
      case "kernel" -> new Step.KernelLog(needed(rest, "what the kernel logs"));
      case "corrected" -> corrected(rest);
      case "page-lost" ->
          rest.equals("kernel") ? new Step.KernelPageLost() : new Step.PageLost(service(rest));
      case "load" -> new Step.Load((int) number(rest, 0, 100));
      case "clock" -> clock(rest);
      case "pause" -> new Step.Pause(span(rest));
      case "resets" -> new Step.Resets(!choice(rest, "fail", "work"));
      case "diagnoses" -> new Step.Diagnoses(!choice(rest, "fail", "work"));
      case "acknowledge" -> nothingMore(rest, new Step.Acknowledge());
      case "end" -> nothingMore(rest, new Step.End());
      default ->
          throw error(
              "'"
                  + verb
                  + "' is nothing that can happen; choose from acknowledge, clock, corrected,"
                  + " crash-loop, diagnoses, disk, end, guest, hang, kernel, kill, leak, load,"
                  + " maintenance, memory, page-lost, pause, preserved, repair, resets, stick,"
                  + " switchovers");
    };
  }

  private Step nothingMore(String rest, Step step) throws StoryException {
    check(rest.isEmpty(), "'" + rest + "' is more than was expected");
    return step;
  }

  private Step preserved(String rest) throws StoryException {
    String[] words = rest.split("\\s+", 2);
    boolean armed = choice(words[0], "armed", "missing");
    check(!armed || words.length == 1, "'armed' needs no reason");
    return new Step.PreservedMemory(armed, words.length < 2 ? "" : words[1]);
  }

  private Step guest(String rest) throws StoryException {
    String[] words = rest.split("\\s+", 3);
    check(
        NAME.matcher(words[0]).matches(),
        "'" + words[0] + "' is no name for a guest; write it like kv");
    check(guests.add(words[0]), "there is a guest '" + words[0] + "' already");
    check(guests.size() <= GUESTS_MAX, "a story has at most " + GUESTS_MAX + " guests");
    if (words.length == 3 && words[1].equals("backup")) {
      return replicated(words[0], words[2]);
    }
    boolean resettable = words.length == 1;
    boolean expendable = !resettable && choice(words[1], "expendable", "not-resettable");
    return new Step.Guest(words[0], resettable, expendable, words.length < 3 ? "" : words[2]);
  }

  private Step replicated(String name, String rest) throws StoryException {
    String[] words = rest.split("\\s+", 2);
    check(
        words.length == 2 && NAME.matcher(words[0]).matches(),
        "'" + rest + "' is no backup; write it like 'guest kv backup h2 400'");
    return new Step.Replicated(name, words[0], number(words[1], 1, 600_000));
  }

  private Step repair(String rest) throws StoryException {
    check(NAME.matcher(rest).matches(), "'" + rest + "' is no host; write it like h2, or none");
    return new Step.Repair(rest.equals("none") ? "" : rest);
  }

  private ServiceId service(String rest) throws StoryException {
    String[] words = rest.split("\\s+", -1);
    if (rest.equals("agent")) {
      return ServiceId.AGENT;
    }
    check(
        words.length == 2 && (words[0].equals("guardian") || words[0].equals("hypervisor")),
        "'" + rest + "' is no service; write agent, guardian NAME or hypervisor NAME");
    check(
        guests.contains(words[1]),
        "there is no guest '" + words[1] + "'; add a line like '0s guest " + words[1] + "'");
    return words[0].equals("guardian")
        ? ServiceId.guardian(words[1])
        : ServiceId.hypervisor(words[1]);
  }

  private Step crashLoop(String rest) throws StoryException {
    boolean off = rest.endsWith(" off");
    String service = off ? rest.substring(0, rest.length() - " off".length()).strip() : rest;
    return new Step.CrashLoop(service(service), !off);
  }

  private Step leak(String rest) throws StoryException {
    int last = rest.lastIndexOf(' ');
    check(last > 0, "'" + rest + "' is no leak; write it like 'leak kernel 4G/h'");
    String who = rest.substring(0, last).strip();
    Matcher rate = RATE.matcher(rest.substring(last + 1));
    check(rate.matches(), "'" + rest.substring(last + 1) + "' is no rate; write it like 4G/h");
    double seconds =
        switch (rate.group(2)) {
          case "s" -> 1;
          case "m" -> 60;
          default -> 3600;
        };
    double perSecond = bytes(rate.group(1)) / seconds;
    return who.equals("kernel")
        ? new Step.LeakKernel(perSecond)
        : new Step.LeakService(service(who), perSecond);
  }

  private Step corrected(String rest) throws StoryException {
    String[] words = rest.split("\\s+", 2);
    check(
        words.length == 2 && words[1].length() <= 32,
        "'" + rest + "' are no errors; write them like 'corrected 50 DIMM_A1'");
    return new Step.Corrected((int) number(words[0], 1, 1_000_000), words[1]);
  }

  private Step clock(String rest) throws StoryException {
    check(
        rest.startsWith("+") || rest.startsWith("-"),
        "'" + rest + "' is no change of the clock; write it like +2h or -30s");
    long millis = span(rest.substring(1));
    return new Step.Clock(rest.startsWith("-") ? -millis : millis);
  }

  private boolean choice(String given, String yes, String no) throws StoryException {
    check(
        given.equals(yes) || given.equals(no), "'" + given + "' is neither " + yes + " nor " + no);
    return given.equals(yes);
  }

  private String needed(String rest, String what) throws StoryException {
    check(!rest.isEmpty(), what + " is missing");
    return rest;
  }

  private long span(String text) throws StoryException {
    Matcher matcher = TIME.matcher(text);
    check(matcher.matches(), "'" + text + "' is no time; write it like 90s, 10m, 2h or 1d");
    long unit =
        switch (matcher.group(2)) {
          case "s" -> 1_000;
          case "m" -> 60_000;
          case "h" -> 3_600_000;
          default -> 86_400_000;
        };
    long millis = Long.parseLong(matcher.group(1)) * unit;
    check(millis <= MILLIS_MAX, "'" + text + "' is more than 31 days");
    return millis;
  }

  private long number(String text, long min, long max) throws StoryException {
    check(
        text.matches("\\d{1,9}") && Long.parseLong(text) >= min && Long.parseLong(text) <= max,
        "'" + text + "' is no number from " + min + " to " + max);
    return Long.parseLong(text);
  }

  private long size(String text, long min) throws StoryException {
    long bytes = bytes(text);
    check(
        bytes >= min && bytes <= 64L << 40,
        "'" + text + "' is not from " + Quantities.bytes(min) + " to 64 TiB");
    return bytes;
  }

  private long bytes(String text) throws StoryException {
    try {
      return Quantities.parseBytes("size", text);
    } catch (UsageException e) {
      throw error(String.valueOf(e.getMessage()));
    }
  }

  private void check(boolean holds, String complaint) throws StoryException {
    if (!holds) {
      throw error(complaint);
    }
  }

  private StoryException error(String complaint) {
    return new StoryException(file + ", line " + lineNumber + ": " + complaint);
  }
}
