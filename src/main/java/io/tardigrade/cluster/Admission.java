package io.tardigrade.cluster;

import io.tardigrade.guest.GuestSpec;
import io.tardigrade.guest.HostPaths;
import io.tardigrade.guest.UsageException;
import io.tardigrade.launch.RefusedException;
import io.tardigrade.links.ClusterTls;
import io.tardigrade.links.Pem;
import io.tardigrade.process.Program;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Gives out tokens and lets machines in with them. Whatever a machine says is checked before its
 * token is used up, so that one refused may try again. Any thread.
 */
public final class Admission {
  /** A token cannot be good for longer. */
  static final Duration TOKEN_VALID_MAX = Duration.ofDays(1);

  private static final Duration TOKEN_VALID_MIN = Duration.ofSeconds(1);

  private static final int JOIN_PORT = 4;
  private static final int PORTS = 5;

  private final HostPaths paths;
  private final ClusterConfig config;
  private final Registry registry;
  private final InstantSource clock;

  public Admission(HostPaths paths, ClusterConfig config, Registry registry, InstantSource clock) {
    this.paths = paths;
    this.config = config;
    this.registry = registry;
    this.clock = clock;
  }

  /** Port on which a host answers those who join. */
  static int joinPort(int port) {
    return port + JOIN_PORT;
  }

  /**
   * A new token as text.
   *
   * @param role {@code full}, {@code witness}, or {@code client} for a machine that is no host
   */
  public String token(String role, Duration valid) throws IOException {
    if (!List.of(ClusterConfig.FULL, ClusterConfig.WITNESS, ClusterTls.CLIENT).contains(role)) {
      throw new UsageException("role '" + role + "', expected full, witness or client");
    }
    if (valid.compareTo(TOKEN_VALID_MIN) < 0 || valid.compareTo(TOKEN_VALID_MAX) > 0) {
      throw new UsageException(
          "a token is good for 1 s to 1 day, not for " + valid.toSeconds() + " s");
    }
    List<String> addresses = new ArrayList<>();
    if (config.full()) {
      addresses.add(joinAddress(KnownHost.of(config, "")));
    }
    for (KnownHost host : registry.hosts()) {
      if (host.role().equals(ClusterConfig.FULL)
          && !host.name().equals(config.name())
          && addresses.size() < Token.ADDRESSES_MAX) {
        addresses.add(joinAddress(host));
      }
    }
    if (addresses.isEmpty()) {
      throw RefusedException.conflict("no full host is known that could let others in");
    }
    String fingerprint = Authority.fingerprint(authorityCertificate());
    Token token = Token.create(fingerprint, addresses);
    Instant until = clock.instant().plus(valid).truncatedTo(ChronoUnit.SECONDS);
    registry.addToken(
        Token.digest(token.secret()), new Registry.Ticket(role, until, null), clock.instant());
    return token.text();
  }

  private static String joinAddress(KnownHost host) {
    return bracketed(host.address()) + ":" + joinPort(host.port());
  }

  private X509Certificate authorityCertificate() throws IOException {
    return Pem.certificate(paths.cluster().resolve("authority.crt"));
  }

  /** Whether anybody may come. */
  public boolean expectsAnybody() throws IOException {
    return registry.anyTokenGood(clock.instant());
  }

  /** Lets a machine in, or says in one line why not; nothing has changed then. */
  JoinMessages.Answer answer(JoinMessages.Request request) {
    try {
      return admit(request);
    } catch (RefusedException | UsageException | IllegalArgumentException e) {
      return JoinMessages.Answer.refused(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return JoinMessages.Answer.refused(
          "host " + config.name() + " cannot let anybody in now: " + e.getMessage());
    }
  }

  private JoinMessages.Answer admit(JoinMessages.Request request) throws IOException {
    // First of all: who has no token is told nothing.
    String digest = digest(request.secret());
    String role = checkToken(digest);
    if (request.protocol() != JoinMessages.PROTOCOL
        || !request.version().equals(Program.version())) {
      throw RefusedException.conflict(
          "this machine has Tardigrade "
              + request.version()
              + ", the cluster "
              + Program.version()
              + "; install that version, then join");
    }
    String expected = request.role();
    if (role.equals(ClusterTls.CLIENT) != ClusterTls.CLIENT.equals(expected)) {
      throw RefusedException.conflict(
          role.equals(ClusterTls.CLIENT)
              ? "the token is for a machine that is no host: 'tardigrade host login' takes it"
              : "the token is for a host: 'tardigrade host join' takes it");
    }
    if (expected != null && !expected.equals(role)) {
      throw RefusedException.conflict(
          "the token is for a host of role " + role + ", not " + expected);
    }
    GuestSpec.checkName("host", request.name());
    if (role.equals(ClusterTls.CLIENT)) {
      return client(request, digest);
    }
    List<KnownHost> hosts = registry.hosts();
    checkFree(request, hosts);
    Authority authority = Authority.read(paths.cluster());
    X509Certificate certificate =
        authority.sign(
            request.request(), config.cluster(), role, request.name(), Authority.HOST_VALID);
    String serial = certificate.getSerialNumber().toString(16);
    // Refuses what makes no sense, while nothing is used up.
    ClusterConfig _ = joined(request, role, 1);
    if (!registry.use(digest, request.name())) {
      throw used(registry.token(digest));
    }
    int least = hosts.stream().mapToInt(KnownHost::number).max().orElse(1) + 1;
    int number = registry.nextNumber(least);
    if (!registry.add(KnownHost.of(joined(request, role, number), serial))) {
      throw nameTaken(request.name());
    }
    return new JoinMessages.Answer(
        null,
        role,
        config.cluster(),
        number,
        config.network(),
        Authority.text(certificate),
        authority.text(),
        role.equals(ClusterConfig.FULL) ? authority.keyText() : null,
        config.servers(paths));
  }

  /** For {@link Authority#CLIENT_VALID}; nobody but time takes it back. */
  private JoinMessages.Answer client(JoinMessages.Request request, String digest)
      throws IOException {
    Authority authority = Authority.read(paths.cluster());
    X509Certificate certificate =
        authority.sign(
            request.request(),
            config.cluster(),
            ClusterTls.CLIENT,
            request.name(),
            Authority.CLIENT_VALID);
    List<String> agents = new ArrayList<>();
    agents.add(agent(KnownHost.of(config, "")));
    for (KnownHost host : registry.hosts()) {
      if (!host.name().equals(config.name())) {
        agents.add(agent(host));
      }
    }
    if (!registry.use(digest, request.name())) {
      throw used(registry.token(digest));
    }
    return new JoinMessages.Answer(
        null,
        ClusterTls.CLIENT,
        config.cluster(),
        0,
        null,
        Authority.text(certificate),
        authority.text(),
        null,
        String.join(",", agents));
  }

  private static String agent(KnownHost host) {
    return bracketed(host.address()) + ":" + host.port();
  }

  private static String bracketed(String address) {
    return address.contains(":") ? "[" + address + "]" : address;
  }

  private ClusterConfig joined(JoinMessages.Request request, String role, int number) {
    return new ClusterConfig(
        ClusterConfig.VERSION,
        config.cluster(),
        request.name(),
        number,
        request.zone(),
        role,
        request.address(),
        request.port(),
        config.network(),
        null);
  }

  private static String digest(String secret) {
    if (!secret.matches("[0-9a-f]{32}")) {
      throw new UsageException("the token is not valid");
    }
    return Token.digest(secret);
  }

  private String checkToken(String digest) throws IOException {
    Registry.Ticket ticket = registry.token(digest);
    if (ticket == null) {
      throw RefusedException.notFound(
          "this cluster has given out no such token; get one with 'tardigrade host token'");
    }
    if (ticket.usedBy() != null) {
      throw used(ticket);
    }
    if (clock.instant().isAfter(ticket.until())) {
      throw RefusedException.conflict(
          "the token was good until "
              + ticket.until()
              + "; get another with 'tardigrade host token'");
    }
    return ticket.role();
  }

  private static RefusedException used(Registry.@Nullable Ticket ticket) {
    String by = ticket == null || ticket.usedBy() == null ? "another machine" : ticket.usedBy();
    return RefusedException.conflict(
        "the token was used already, by "
            + by
            + "; each lets one machine in: get another with 'tardigrade host token'");
  }

  private static RefusedException nameTaken(String name) {
    return RefusedException.conflict(
        "a host called '" + name + "' is of the cluster already; choose another with --name");
  }

  private static void checkFree(JoinMessages.Request request, List<KnownHost> hosts) {
    if (hosts.stream().anyMatch(host -> host.name().equals(request.name()))) {
      throw nameTaken(request.name());
    }
    Optional<KnownHost> there =
        hosts.stream()
            .filter(host ->
                host.address().equals(request.address())
                    && Math.abs(host.port() - request.port()) < PORTS)
            .findAny();
    if (there.isPresent()) {
      throw RefusedException.conflict(
          "host '"
              + there.get().name()
              + "' of the cluster has address "
              + request.address()
              + " and port "
              + there.get().port()
              + " to "
              + (there.get().port() + PORTS - 1)
              + " already; choose others with --address or --port");
    }
  }
}
