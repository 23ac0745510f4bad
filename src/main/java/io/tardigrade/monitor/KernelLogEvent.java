package io.tardigrade.monitor;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a record of the kernel's log means.
 *
 * <p>Patterns hold at the beginning of a text only: further in stand names of processes and
 * devices, which anybody may choose. For the same reason a user's program that fails ({@code traps:
 * …}, {@code PROGRAM[PID]: segfault …}) is nothing here.
 *
 * @param subject which disk, file system, process or physical page; may be empty
 * @param pid of the process that it names; 0 where it names none
 */
record KernelLogEvent(Type kind, String subject, long pid) {
  /** What happened. */
  enum Type {
    PANIC,
    OOPS,
    /** The kernel found its own structures damaged. */
    CORRUPTION,
    WARNING,
    HARD_LOCKUP,
    SOFT_LOCKUP,
    HUNG_TASK,
    OUT_OF_MEMORY,
    IO_ERROR,
    FILE_SYSTEM_ERROR,
    MACHINE_CHECK,
    /** A page of memory was lost, and its owner is told so. */
    PAGE_LOST,
    /** A page was lost and taken out of use; nothing depended on it. */
    PAGE_ISOLATED,
    /** A page was lost and is still in use by the kernel. */
    PAGE_KEPT
  }

  private static final int SUBJECT_CHARS_MAX = 64;

  private record Rule(Pattern pattern, Type type) {}

  private static Rule rule(Type type, String regex) {
    return new Rule(Pattern.compile(regex), type);
  }

  /** The first that matches counts. Groups: {@code s} the subject, {@code p} the process. */
  private static final List<Rule> RULES =
      List.of(
          rule(Type.PANIC, "Kernel panic - not syncing"),
          rule(Type.HARD_LOCKUP, "(?:NMI )?(?:watchdog: )?Watchdog detected hard LOCKUP"),
          rule(
              Type.SOFT_LOCKUP,
              "(?:NMI )?(?:watchdog: )?BUG: soft lockup - (?<s>CPU#\\d{1,5}) stuck for"),
          rule(Type.SOFT_LOCKUP, "BUG: workqueue lockup"),
          rule(
              Type.SOFT_LOCKUP,
              "(?:rcu: )?INFO: rcu_\\w{1,20} (?:self-)?detected (?:expedited )?stalls?"),
          rule(
              Type.HUNG_TASK,
              "INFO: task (?<s>.{1,32}?):(?<p>\\d{1,9}) blocked for more than \\d{1,9} seconds"),
          rule(
              Type.OOPS,
              "BUG: (?:unable to handle|kernel NULL pointer dereference|stack guard page was hit)"),
          rule(Type.OOPS, "Oops: "),
          rule(Type.OOPS, "Oops\\b.{0,40}\\[#\\d{1,6}\\]"),
          rule(Type.OOPS, "kernel BUG at "),
          rule(
              Type.OOPS,
              "(?:general protection fault|divide error|invalid opcode|stack segment|double fault"
                  + "|alignment check)\\b.{0,120}(?:\\[#\\d{1,6}\\]|non-canonical)"),
          rule(
              Type.CORRUPTION,
              "BUG: (?:Bad page|Bad rss-counter|KASAN|KFENCE|Dentry|non-zero|slab|Objects remaining)"),
          rule(Type.CORRUPTION, "(?:list_add|list_del) corruption"),
          rule(Type.WARNING, "WARNING: (?:CPU: \\d|\\S{1,120}:\\d)"),
          rule(Type.WARNING, "BUG: (?:scheduling while atomic|sleeping function)"),
          rule(
              Type.OUT_OF_MEMORY,
              "(?:Out of memory|Memory cgroup out of memory): Kill(?:ed)? process (?<p>\\d{1,9})"
                  + " \\((?<s>.{0,32}?)\\)"),
          rule(
              Type.IO_ERROR,
              "(?:blk_update_request: )?(?:I/O|critical (?:medium|target|nexus|space allocation))"
                  + " error, dev (?<s>[\\w.-]{1,32})"),
          rule(Type.IO_ERROR, "Buffer I/O error on (?:dev(?:ice)?) (?<s>[\\w.-]{1,32})"),
          rule(
              Type.IO_ERROR,
              "nvme (?<s>nvme\\d{1,5}): (?:I/O (?:tag )?\\d.{0,60} timeout|controller is down"
                  + "|Device not ready)"),
          rule(
              Type.FILE_SYSTEM_ERROR,
              "EXT4-fs (?:error|panic) \\((?:device )?(?<s>[\\w.:-]{1,32})\\)"),
          rule(
              Type.FILE_SYSTEM_ERROR,
              "EXT4-fs \\((?<s>[\\w.:-]{1,32})\\): (?:Remounting filesystem read-only|failed to"
                  + " convert)"),
          rule(
              Type.FILE_SYSTEM_ERROR,
              "XFS \\((?<s>[\\w.:-]{1,32})\\): (?:Metadata corruption|Corruption|Internal error"
                  + "|log I/O error|Filesystem has been shut down)"),
          rule(
              Type.FILE_SYSTEM_ERROR, "BTRFS (?:error|critical) \\(device (?<s>[\\w.:-]{1,32})\\b"),
          rule(
              Type.PAGE_LOST,
              "Memory failure: (?<s>0x[0-9a-f]{1,16}): Sending SIGBUS to .{1,32}?:(?<p>\\d{1,9}) due"
                  + " to"),
          rule(
              Type.PAGE_LOST,
              "Memory failure: (?<s>0x[0-9a-f]{1,16}): Killing .{1,32}?:(?<p>\\d{1,9}) due to"),
          rule(
              Type.PAGE_ISOLATED,
              "Memory failure: (?<s>0x[0-9a-f]{1,16}): recovery action for .{1,60}:"
                  + " (?:Recovered|Delayed)"),
          rule(
              Type.PAGE_KEPT,
              "Memory failure: (?<s>0x[0-9a-f]{1,16}): recovery action for .{1,60}:"
                  + " (?:Ignored|Failed)"),
          rule(
              Type.MACHINE_CHECK,
              "(?:mce: )?\\[Hardware Error\\]: (?:Machine check|CPU \\d{1,5}: Machine Check)"),
          rule(Type.MACHINE_CHECK, "mce: (?:\\[Hardware Error\\]|Uncorrected hardware)"));

  /** What {@code record} means; empty for nearly all, and for all that the kernel did not write. */
  static Optional<KernelLogEvent> of(KernelRecord record) {
    if (!record.isOfKernel()) {
      return Optional.empty();
    }
    String text = record.text();
    for (Rule rule : RULES) {
      Matcher matcher = rule.pattern().matcher(text);
      if (matcher.lookingAt()) {
        return Optional.of(
            new KernelLogEvent(rule.type(), group(matcher, "s"), number(group(matcher, "p"))));
      }
    }
    return Optional.empty();
  }

  private static String group(Matcher matcher, String name) {
    if (!matcher.namedGroups().containsKey(name)) {
      return "";
    }
    String found = matcher.group(name);
    return found == null || found.length() > SUBJECT_CHARS_MAX ? "" : found;
  }

  private static long number(String digits) {
    return digits.isEmpty() ? 0 : Long.parseLong(digits);
  }
}
