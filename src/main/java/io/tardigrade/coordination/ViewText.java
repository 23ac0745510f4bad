package io.tardigrade.coordination;

import io.tardigrade.replication.View;
import io.tardigrade.replication.WireFormat;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A view as it is stored, to be read by people too. Lines end with a line feed; backups are
 * separated by one space each and may be none:
 *
 * <pre>
 *   tardigrade view 1
 *   number 7
 *   reign 5
 *   primary host-a
 *   backups host-b host-c
 * </pre>
 */
final class ViewText {
  /** Far more than the longest view. */
  static final int BYTES_MAX = 2048;

  private static final String NAME = "[a-zA-Z0-9._-]{1," + WireFormat.NAME_BYTES_MAX + "}";
  private static final Pattern FORM =
      Pattern.compile(
          "tardigrade view 1\nnumber (\\d{1,19})\nreign (\\d{1,19})\nprimary ("
              + NAME
              + ")\nbackups((?: "
              + NAME
              + "){0,"
              + View.BACKUPS_MAX
              + "})\n");

  private ViewText() {}

  static byte[] encode(View view) {
    StringBuilder text =
        new StringBuilder("tardigrade view 1\nnumber ")
            .append(view.number())
            .append("\nreign ")
            .append(view.reign())
            .append("\nprimary ")
            .append(view.primary())
            .append("\nbackups");
    view.backups().forEach(backup -> text.append(' ').append(backup));
    byte[] bytes = text.append('\n').toString().getBytes(StandardCharsets.US_ASCII);
    if (!FORM.matcher(new String(bytes, StandardCharsets.US_ASCII)).matches()) {
      throw new IllegalArgumentException("no view to be stored: " + view);
    }
    return bytes;
  }

  /**
   * The view that the bytes are.
   *
   * @throws StoredViewException where they are none
   */
  static View decode(byte[] bytes) throws StoredViewException {
    if (bytes.length > BYTES_MAX) {
      throw new StoredViewException(bytes.length + " bytes, a view has at most " + BYTES_MAX);
    }
    try {
      String text =
          StandardCharsets.US_ASCII.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      Matcher form = FORM.matcher(text);
      if (!form.matches()) {
        throw new StoredViewException(bytes.length + " bytes are not of the form of a view");
      }
      String backups = form.group(4).strip();
      long number = Long.parseLong(form.group(1));
      if (number > WireFormat.COUNT_MAX) {
        throw new StoredViewException("view " + number + ", at most " + WireFormat.COUNT_MAX);
      }
      return new View(
          number,
          Long.parseLong(form.group(2)),
          form.group(3),
          backups.isEmpty() ? List.of() : List.of(backups.split(" ")));
    } catch (CharacterCodingException e) {
      throw new StoredViewException(bytes.length + " bytes are no text");
    } catch (IllegalArgumentException e) {
      throw new StoredViewException("it contradicts itself: " + e.getMessage());
    }
  }
}
