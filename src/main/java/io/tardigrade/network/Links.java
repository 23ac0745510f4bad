package io.tardigrade.network;

import io.tardigrade.linux.Command;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The host's network devices, routes and addresses, as {@code ip} tells and changes them. */
final class Links {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private Links() {}

  /**
   * A network device.
   *
   * @param kind bridge, tun, veth, …; empty for hardware
   * @param upper the bridge it is on, or empty
   */
  record Link(String name, String kind, String upper, String alias) {}

  /** A network the host has a route to, and through which device. */
  record Route(Subnet subnet, String device) {}

  static List<Link> list() throws IOException {
    return parseLinks(Command.run("ip", "-j", "-d", "link", "show"));
  }

  static Optional<Link> find(String name) throws IOException {
    return list().stream().filter(l -> l.name().equals(name)).findAny();
  }

  static List<Link> parseLinks(String json) throws IOException {
    List<Link> links = new ArrayList<>();
    for (JsonNode node : tree(json)) {
      links.add(
          new Link(
              node.path("ifname").asString(""),
              node.path("linkinfo").path("info_kind").asString(""),
              node.path("master").asString(""),
              node.path("ifalias").asString("")));
    }
    return links;
  }

  /** Every route and every address of the host; default routes are left out. */
  static List<Route> routes() throws IOException {
    List<Route> routes =
        new ArrayList<>(
            parseRoutes(Command.run("ip", "-j", "-4", "route", "show", "table", "all")));
    routes.addAll(parseAddresses(Command.run("ip", "-j", "-4", "addr", "show")));
    return routes;
  }

  static List<Route> parseRoutes(String json) throws IOException {
    List<Route> routes = new ArrayList<>();
    for (JsonNode node : tree(json)) {
      String to = node.path("dst").asString("default");
      if (!to.equals("default")) {
        routes.add(new Route(Subnet.parse(to), node.path("dev").asString("")));
      }
    }
    return routes;
  }

  static List<Route> parseAddresses(String json) throws IOException {
    List<Route> routes = new ArrayList<>();
    for (JsonNode link : tree(json)) {
      for (JsonNode address : link.path("addr_info")) {
        Ipv4 local = Ipv4.parse(address.path("local").asString(""));
        routes.add(new Route(new Subnet(local, 32), link.path("ifname").asString("")));
      }
    }
    return routes;
  }

  /** The host's own IPv4 addresses. */
  static List<Ipv4> addresses() throws IOException {
    return parseAddresses(Command.run("ip", "-j", "-4", "addr", "show")).stream()
        .map(route -> route.subnet().base())
        .toList();
  }

  private static JsonNode tree(String json) throws IOException {
    try {
      // Where there is nothing to tell, some versions of ip print nothing at all.
      return JSON.readTree(json.isBlank() ? "[]" : json);
    } catch (JacksonException e) {
      throw new IOException("'ip -j' printed what is no JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** Runs several commands of {@code ip} in one process, up to the first that fails. */
  static void batch(String... commands) throws IOException {
    Command.run(
        List.of("ip", "-batch", "-"), String.join("\n", commands) + "\n", Duration.ofSeconds(10));
  }

  /** Removes a device; does nothing where it has gone. */
  static void delete(String name) throws IOException {
    Command.Result result = Command.attempt("ip", "link", "delete", "dev", name);
    if (!result.ok() && find(name).isPresent()) {
      throw result.failure();
    }
  }
}
