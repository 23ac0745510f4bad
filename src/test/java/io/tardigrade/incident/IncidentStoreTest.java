package io.tardigrade.incident;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IncidentStoreTest {
  private static final Instant AT = Instant.parse("2026-11-22T18:15:03Z");

  @TempDir Path folder;

  private static Incident incident(Instant at, String guest) {
    return new Incident(
        "",
        guest,
        at,
        "hypervisor-killed",
        "The hypervisor was killed.",
        List.of("signal 9"),
        List.of(new Incident.Step(at, "seen", "end of file")),
        Map.of("detect", 0.006),
        0.045,
        17,
        "recovered");
  }

  @Test
  void anIncidentIsFoundByItsIdAndByItsBeginning() throws IOException {
    IncidentStore store = new IncidentStore(folder);
    Incident first = store.save(incident(AT, "kv"));
    Incident second = store.save(incident(AT, "kv"));

    assertThat(first.id()).isEqualTo("20261122-181503-kv-1");
    assertThat(second.id()).isEqualTo("20261122-181503-kv-2");
    assertThat(store.find("20261122-181503-kv-2")).contains(second);
    assertThat(store.find("20261122")).as("two begin like this").isEmpty();
    assertThat(store.find("nothing")).isEmpty();
    assertThat(store.find("../../etc/passwd")).isEmpty();
    assertThat(store.list()).containsExactly(first, second);
  }

  @Test
  void theTenthOfASecondComesAfterTheNinth() throws IOException {
    IncidentStore store = new IncidentStore(folder);
    for (int i = 0; i < 11; i++) {
      store.save(incident(AT, "kv"));
    }
    assertThat(store.list()).extracting(Incident::id).endsWith("20261122-181503-kv-11");
    assertThat(store.find("20261122-181503-kv-1")).isPresent();
  }

  @Test
  void theOldestGoWhenThereAreTooMany() throws IOException {
    IncidentStore store = new IncidentStore(folder, 3);
    for (int i = 0; i < 5; i++) {
      store.save(incident(AT.plusSeconds(i), "kv"));
    }
    assertThat(store.list())
        .extracting(Incident::at)
        .containsExactly(AT.plusSeconds(2), AT.plusSeconds(3), AT.plusSeconds(4));
  }

  @Test
  void aCorruptRecordIsListedAsUnreadable() throws IOException {
    IncidentStore store = new IncidentStore(folder);
    Incident good = store.save(incident(AT, "kv"));
    Files.writeString(folder.resolve("20261122-181504-my-guest-1.json"), "{\"id\": 3, \"gue");
    Files.writeString(folder.resolve("20261122-181505-kv-1.json"), "{");
    Files.writeString(folder.resolve("20269999-999999-kv-1.json"), "[]");
    Files.writeString(folder.resolve("README.json"), "not ours");

    List<Incident> all = store.list();

    assertThat(all).hasSize(4).first().isEqualTo(good);
    assertThat(all.subList(1, 4)).extracting(Incident::cause).containsOnly("unreadable");
    assertThat(all.get(1).guest()).isEqualTo("my-guest");
  }

  @Test
  void whatAWriterLeftThatDiedWithItsKernelIsNoIncident() throws IOException {
    Path empty = Files.writeString(folder.resolve("20261122-181505-kv-1.json"), "");
    Path half = Files.writeString(folder.resolve(".new-17-1"), "{");
    Path fresh = Files.writeString(folder.resolve("20261122-181506-kv-1.json"), "");
    FileTime old = FileTime.from(Instant.now().minusSeconds(3600));
    Files.setLastModifiedTime(empty, old);
    Files.setLastModifiedTime(half, old);
    IncidentStore store = new IncidentStore(folder);

    assertThat(store.list()).isEmpty();
    assertThat(store.newestOf("kv")).isEmpty();
    assertThat(store.find("20261122-181505-kv-1")).isEmpty();
    Incident saved = store.save(incident(AT, "kv"));

    assertThat(store.list()).containsExactly(saved);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(fresh, folder.resolve(saved.id() + ".json"));
    }
  }

  @Test
  void savingAtOnceNeverGivesAnIdTwice() throws Exception {
    List<Callable<List<Incident>>> savers = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      savers.add(() -> {
        List<Incident> saved = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
          saved.add(new IncidentStore(folder).save(incident(AT, "kv")));
        }
        return saved;
      });
    }
    List<String> ids = new ArrayList<>();
    try (var threads = Executors.newFixedThreadPool(4)) {
      for (Future<List<Incident>> saved : threads.invokeAll(savers)) {
        saved.get().forEach(incident -> ids.add(incident.id()));
      }
    }
    assertThat(ids).hasSize(100).doesNotHaveDuplicates();
    assertThat(new IncidentStore(folder).list()).hasSize(100);
  }
}
