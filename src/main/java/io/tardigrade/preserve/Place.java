package io.tardigrade.preserve;

import com.fasterxml.jackson.annotation.JsonValue;
import io.tardigrade.guest.UsageException;
import java.util.Locale;

/** Where a guest's committed image lies, which decides what it outlives. */
public enum Place {
  /** In memory that the next kernel leaves alone: outlives the operating system. */
  PRESERVED,
  /** In a file system of ordinary memory: outlives hypervisor and guardian. */
  ORDINARY;

  /** As it is written and printed. */
  @JsonValue
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads what {@link #text} gave. */
  public static Place parse(String text) {
    for (Place place : values()) {
      if (place.text().equals(text)) {
        return place;
      }
    }
    throw new UsageException(
        "'" + text + "' is no kind of memory; give preserved or ordinary, as in --to preserved");
  }

  /**
   * Chooses for a new guest: preserved memory while room lasts. Pure.
   *
   * @param mounted whether there is preserved memory
   * @param freeBytes its free space
   * @param neededBytes what the image takes
   */
  public static Place choose(boolean mounted, long freeBytes, long neededBytes) {
    return mounted && freeBytes >= neededBytes ? PRESERVED : ORDINARY;
  }
}
