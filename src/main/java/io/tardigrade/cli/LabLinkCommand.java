package io.tardigrade.cli;

import io.tardigrade.guest.UsageException;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lab link}. */
@Command(
    name = "link",
    description = {
      "Make the link between two lab hosts of kind namespace slow, lossy or narrow, both ways.",
      "What is not given is as good as can be; 'lab heal' makes all so."
    })
final class LabLinkCommand extends LabSubcommand {
  private static final Pattern DELAY = Pattern.compile("(\\d{1,6}(?:\\.\\d{1,6})?)(us|ms|s)");
  private static final Pattern RATE = Pattern.compile("(\\d{1,6}(?:\\.\\d{1,6})?)(k|m|g)bit");
  private static final Pattern LOSS = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,4})?)%");
  private static final long DELAY_NANOS_MAX = 10_000_000_000L;
  private static final long RATE_BITS_MIN = 8000;

  @Parameters(index = "0", paramLabel = "HOST", description = "Name of a lab host.")
  private String from = "";

  @Parameters(index = "1", paramLabel = "OTHER", description = "Name of another.")
  private String to = "";

  @Option(
      names = "--delay",
      paramLabel = "TIME",
      defaultValue = "0ms",
      description = "What each frame takes longer, each way, such as 5ms or 500us; up to 10s.")
  private String delay = "";

  @Option(
      names = "--loss",
      paramLabel = "PERCENT",
      defaultValue = "0%",
      description = "So many frames are lost, by chance, such as 1%%.")
  private String loss = "";

  @Option(
      names = "--rate",
      paramLabel = "RATE",
      defaultValue = "0mbit",
      description = "At most so much a second, such as 1gbit or 100mbit.")
  private String rate = "";

  @Option(names = "--one-way", description = "Only what HOST sends to OTHER.")
  private boolean oneWay;

  LabLinkCommand(Cli cli) {
    super(cli);
  }

  @Override
  public Integer call() throws IOException {
    namespaces().link(from, to, delayNanos(delay), lossMillionths(loss), rateBits(rate), !oneWay);
    return ExitCode.DONE.code();
  }

  static long delayNanos(String text) {
    Matcher matcher = DELAY.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (matcher.matches()) {
      long unit =
          switch (matcher.group(2)) {
            case "us" -> 1000L;
            case "ms" -> 1_000_000L;
            default -> 1_000_000_000L;
          };
      long nanos = times(matcher.group(1), unit);
      if (nanos <= DELAY_NANOS_MAX) {
        return nanos;
      }
    }
    throw new UsageException("delay '" + text + "' of a link; write 0ms to 10s, such as 5ms");
  }

  static int lossMillionths(String text) {
    Matcher matcher = LOSS.matcher(text.strip());
    if (matcher.matches()) {
      long millionths = times(matcher.group(1), 10_000);
      if (millionths <= 1_000_000) {
        return (int) millionths;
      }
    }
    throw new UsageException("loss '" + text + "' of a link; write 0% to 100%, such as 1.5%");
  }

  static long rateBits(String text) {
    Matcher matcher = RATE.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (matcher.matches()) {
      long unit =
          switch (matcher.group(2)) {
            case "k" -> 1000L;
            case "m" -> 1_000_000L;
            default -> 1_000_000_000L;
          };
      long bits = times(matcher.group(1), unit);
      if (bits == 0 || bits >= RATE_BITS_MIN) {
        return bits;
      }
    }
    throw new UsageException(
        "rate '" + text + "' of a link; write 8kbit or more, such as 1gbit, or 0mbit for no limit");
  }

  private static long times(String number, long unit) {
    return new BigDecimal(number).multiply(BigDecimal.valueOf(unit)).longValue();
  }
}
