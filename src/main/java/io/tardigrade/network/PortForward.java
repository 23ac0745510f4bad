package io.tardigrade.network;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A published port: connections to {@code hostPort} of this host reach {@code guestPort} of a
 * guest.
 *
 * <pre>[ADDRESS:]HOSTPORT:GUESTPORT[/tcp|/udp]     6379:6379   127.0.0.1:8080:80/tcp   5353:53/udp
 * </pre>
 *
 * @param address the host's address it is published at; empty for all of them
 */
public record PortForward(
    Optional<Ipv4> address, int hostPort, int guestPort, Transport transport) {

  /** What is forwarded. */
  public enum Transport {
    TCP,
    UDP;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String EXPECTED =
      ", expected [ADDRESS:]HOSTPORT:GUESTPORT[/tcp|/udp] such as 8080:80";

  /** Reads the form above; the error names what was given and what was expected. */
  public static PortForward parse(String text) {
    int slash = text.indexOf('/');
    Transport transport =
        switch (slash < 0 ? "tcp" : text.substring(slash + 1)) {
          case "tcp" -> Transport.TCP;
          case "udp" -> Transport.UDP;
          default -> throw wrong(text, "the transport is tcp or udp");
        };
    String ports = slash < 0 ? text : text.substring(0, slash);
    if (ports.contains("[")) {
      throw wrong(text, "only IPv4 addresses can be published");
    }
    List<String> parts = List.of(ports.split(":", -1));
    if (parts.size() < 2 || parts.size() > 3) {
      throw wrong(text, "it has " + parts.size() + " parts separated by ':'");
    }
    Optional<Ipv4> address =
        parts.size() == 3 ? Optional.of(address(text, parts.getFirst())) : Optional.empty();
    return new PortForward(
        address.filter(a -> a.bits() != 0),
        port(text, parts.get(parts.size() - 2)),
        port(text, parts.getLast()),
        transport);
  }

  private static Ipv4 address(String text, String part) {
    try {
      return Ipv4.parse(part);
    } catch (IllegalArgumentException e) {
      throw wrong(text, e.getMessage() == null ? "bad address" : e.getMessage());
    }
  }

  private static int port(String text, String part) {
    int port = part.matches("[0-9]{1,5}") ? Integer.parseInt(part) : -1;
    if (port < 1 || port > 65535) {
      throw wrong(text, "'" + part + "' is not a port from 1 to 65535");
    }
    return port;
  }

  private static IllegalArgumentException wrong(String text, String why) {
    return new IllegalArgumentException("cannot publish '" + text + "': " + why + EXPECTED);
  }

  /** Whether both would claim the same port of the same address. */
  public boolean collidesWith(PortForward other) {
    return transport == other.transport
        && hostPort == other.hostPort
        && (address.isEmpty() || other.address.isEmpty() || address.equals(other.address));
  }

  @Override
  public String toString() {
    return address.map(a -> a + ":").orElse("") + hostPort + ":" + guestPort + "/" + transport;
  }
}
