package io.tardigrade.box;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A driver with a bug: one of the kernel's own modules, whose first instruction is replaced by one
 * that no processor has. Loading it ends the process that does so by a kernel oops; the kernel goes
 * on, damaged.
 *
 * <pre>
 *   module, ELF64:  ... .init.text: e8 xx xx xx xx (call for tracers)  41 54 (push %r12) → 0f 0b (ud2)
 *   signature, cut off, for a signed module must not change:
 *                   signature | 8 bytes | 4 length of the signature, big endian | "~Module signature appended~\n"
 * </pre>
 */
final class BrokenModule {
  private static final String SIGNED = "~Module signature appended~\n";
  private static final int SIGNATURE_HEAD_BYTES = 12;
  private static final int SECTIONS_AT = 0x28;
  private static final int SECTION_BYTES_AT = 0x3a;
  private static final int CALL = 0xe8;
  private static final int CALL_BYTES = 5;
  private static final byte[] UNDEFINED = {0x0f, 0x0b};

  private BrokenModule() {}

  /** Breaks a module of the host. */
  static byte[] of(byte[] module) throws IOException {
    byte[] bare = withoutSignature(module);
    ByteBuffer elf = ByteBuffer.wrap(bare).order(ByteOrder.LITTLE_ENDIAN);
    int start = initText(elf);
    if ((elf.get(start) & 255) != CALL) {
      throw new IOException("the module's init function does not begin with a call for tracers");
    }
    elf.put(start + CALL_BYTES, UNDEFINED);
    return bare;
  }

  private static byte[] withoutSignature(byte[] module) {
    int end = module.length - SIGNED.length();
    if (!new String(module, end, SIGNED.length(), StandardCharsets.ISO_8859_1).equals(SIGNED)) {
      return module.clone();
    }
    int signature = ByteBuffer.wrap(module).getInt(end - Integer.BYTES);
    return Arrays.copyOf(module, end - SIGNATURE_HEAD_BYTES - signature);
  }

  /** Where the section .init.text lies in the file. */
  private static int initText(ByteBuffer elf) throws IOException {
    int sections = Math.toIntExact(elf.getLong(SECTIONS_AT));
    int bytes = elf.getShort(SECTION_BYTES_AT);
    int count = elf.getShort(SECTION_BYTES_AT + 2);
    int names = offset(elf, sections + elf.getShort(SECTION_BYTES_AT + 4) * bytes);
    for (int i = 0; i < count; i++) {
      int section = sections + i * bytes;
      if (name(elf, names + elf.getInt(section)).equals(".init.text")) {
        return offset(elf, section);
      }
    }
    throw new IOException("the module has no section .init.text");
  }

  private static int offset(ByteBuffer elf, int section) {
    return Math.toIntExact(elf.getLong(section + 0x18));
  }

  private static String name(ByteBuffer elf, int at) {
    int end = at;
    while (elf.get(end) != 0) {
      end++;
    }
    return new String(elf.array(), at, end - at, StandardCharsets.US_ASCII);
  }
}
