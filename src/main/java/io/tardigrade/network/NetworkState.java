package io.tardigrade.network;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an installation remembers of its network between runs and crashes: the file {@code
 * network.json}, changed only as a whole.
 *
 * <pre>
 * { "format": 1,
 *   "installation": "default",
 *   "subnet": "10.117.0.0/24",
 *   "pool": "10.117.3.0/24",             only in a cluster, whose subnet is a /16: this host's part
 *   "next_index": 4,                     where the search for a free address goes on
 *   "rules": "9f2c…",                    SHA-256 of the rules as nft prints them, empty if unknown
 *   "guests": { "kv": { "address": "10.117.0.2", "forwards": ["6379:6379/tcp"] } } }
 * </pre>
 */
record NetworkState(
    int format,
    String installation,
    String subnet,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String pool,
    @JsonProperty("next_index") int nextIndex,
    String rules,
    Map<String, Guest> guests) {
  static final int FORMAT = 1;
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /** One guest's address and published ports, as text. */
  record Guest(String address, List<String> forwards) {
    List<PortForward> parsed() {
      return forwards.stream().map(PortForward::parse).toList();
    }
  }

  Subnet network() {
    return Subnet.parse(subnet);
  }

  /** What this host gives addresses out of; guests that come from other hosts have others. */
  AddressPool addressPool() {
    Subnet own = pool == null ? network() : Subnet.parse(pool);
    Map<String, Ipv4> addresses = new TreeMap<>();
    guests.forEach((name, guest) -> {
      Ipv4 address = Ipv4.parse(guest.address());
      if (pool == null || own.contains(address)) {
        addresses.put(name, address);
      }
    });
    return new AddressPool(own, addresses, nextIndex);
  }

  /** The same with {@code name} given an address. */
  NetworkState with(String name) {
    return with(name, address -> false);
  }

  /** As above; the address is none that {@code taken} says somebody else has. */
  NetworkState with(String name, Predicate<Ipv4> taken) {
    checkName(name);
    if (guests.containsKey(name)) {
      return this;
    }
    AddressPool free = addressPool();
    Ipv4 address = free.assign(name, taken);
    Map<String, Guest> changed = new TreeMap<>(guests);
    changed.put(name, new Guest(address.toString(), List.of()));
    return copy(free.next(), rules, changed);
  }

  /** The same with {@code name} at an address that another host gave it. */
  NetworkState adopting(String name, Ipv4 address) {
    checkName(name);
    for (Map.Entry<String, Guest> known : guests.entrySet()) {
      boolean same = known.getKey().equals(name);
      if (same != known.getValue().address().equals(address.toString())) {
        throw new IllegalArgumentException(
            "guest '%s' cannot have address %s here: guest '%s' has %s"
                .formatted(name, address, known.getKey(), known.getValue().address()));
      }
    }
    Map<String, Guest> changed = new TreeMap<>(guests);
    changed.putIfAbsent(name, new Guest(address.toString(), List.of()));
    return copy(nextIndex, rules, changed);
  }

  /** The same with these ports published for {@code name}, which must be known. */
  NetworkState with(String name, List<PortForward> forwards) {
    Guest guest = guests.get(name);
    if (guest == null) {
      throw new IllegalArgumentException("guest '" + name + "' has no address yet");
    }
    Map<String, Guest> changed = new TreeMap<>(guests);
    changed.put(
        name, new Guest(guest.address(), forwards.stream().map(PortForward::toString).toList()));
    return copy(nextIndex, rules, changed);
  }

  /** The same without {@code name}. */
  NetworkState without(String name) {
    Map<String, Guest> changed = new TreeMap<>(guests);
    changed.remove(name);
    return copy(nextIndex, rules, changed);
  }

  /** The same with the rules known to print as {@code fingerprint}. */
  NetworkState withRules(String fingerprint) {
    return copy(nextIndex, fingerprint, guests);
  }

  private NetworkState copy(int next, String fingerprint, Map<String, Guest> all) {
    return new NetworkState(format, installation, subnet, pool, next, fingerprint, all);
  }

  /** The guest other than {@code name} that has published a port in the way of {@code wanted}. */
  Optional<Map.Entry<String, PortForward>> holderOf(PortForward wanted, String name) {
    return guests.entrySet().stream()
        .filter(e -> !e.getKey().equals(name))
        .flatMap(e -> e.getValue().parsed().stream().map(f -> Map.entry(e.getKey(), f)))
        .filter(e -> e.getValue().collidesWith(wanted))
        .findFirst();
  }

  /** Parses everything: a damaged file becomes one error at the start, not a crash later. */
  private void check() {
    if (format != FORMAT) {
      throw new IllegalArgumentException(
          "format " + format + ", this version reads format " + FORMAT);
    }
    if (installation == null || subnet == null || rules == null || guests == null) {
      throw new IllegalArgumentException("it is incomplete");
    }
    guests.forEach((name, guest) -> {
      checkName(name);
      if (guest == null
          || guest.address() == null
          || guest.forwards() == null
          || guest.forwards().contains(null)) {
        throw new IllegalArgumentException("guest '" + name + "' is incomplete");
      }
      guest.parsed();
      if (!network().contains(Ipv4.parse(guest.address()))) {
        throw new IllegalArgumentException(
            "address " + guest.address() + " of guest '" + name + "' is none of " + subnet);
      }
    });
    addressPool();
  }

  /** Names stand in comments of the firewall's language, so no quote may come from them. */
  private static void checkName(String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")) {
      throw new IllegalArgumentException(
          "'" + name + "' cannot name a guest, expected 1 to 63 letters, digits, '.', '_', '-'");
    }
  }

  /** Reads the file; empty where there is none. */
  static Optional<NetworkState> load(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      NetworkState state = JSON.readValue(Files.readAllBytes(file), NetworkState.class);
      if (state == null) {
        throw new IllegalArgumentException("it holds nothing");
      }
      state.check();
      return Optional.of(state);
    } catch (JacksonException e) {
      throw new IOException(
          file + " is damaged (" + e.getOriginalMessage() + "): restore it or delete it", e);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          file + " is not usable (" + e.getMessage() + "): restore it or delete it", e);
    }
  }

  /** Replaces the file as a whole; it is on the disk when this returns. */
  void save(Path file) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    byte[] json = JSON.writeValueAsBytes(this);
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(json);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
