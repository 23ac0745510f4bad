package io.tardigrade.process;

import java.time.Instant;

/**
 * What an agent says of itself, as {@code GET /v1/version} answers.
 *
 * @param version for people
 * @param build tells one build from another
 * @param java version of its JDK
 * @param pid process id
 * @param service whether somebody keeps it running, rather than a command having started it
 * @param startedAt since when it serves
 */
public record AgentInfo(
    String version, String build, String java, long pid, boolean service, Instant startedAt) {}
