#pragma once
#include <stdint.h>

// minizip and zlib behind plain functions: file access with close-on-exec, no links followed, and every failed write
// or sync reported (minizip's own file functions drop the result of fclose).

// Results below 0; minizip's and zlib's own codes (-1 … -6, -100 …) are passed through.
enum {
    SHIP_ZIP_OK = 0,
    SHIP_ZIP_IO = -1,
    SHIP_ZIP_BAD = -103,
    SHIP_ZIP_CRC = -105,
};

typedef struct ship_zip_writer ship_zip_writer;

/// Creates (or empties) the file. NULL on failure, the reason in `*error` (errno).
ship_zip_writer *ship_zip_create(const char *path, int *error);

/// Starts an entry dated 1980-01-01 00:00. `level` 0 stores, 1 … 9 deflates; `huge` when it may exceed 4 GiB.
int ship_zip_begin(ship_zip_writer *writer, const char *name, int level, int huge);
int ship_zip_write(ship_zip_writer *writer, const void *bytes, unsigned count);
int ship_zip_end(ship_zip_writer *writer);

/// Writes the directory, syncs and closes. The writer is gone afterwards, whatever the result.
int ship_zip_finish(ship_zip_writer *writer, int *error);

/// Closes without a directory. The writer is gone afterwards.
void ship_zip_abandon(ship_zip_writer *writer);

/// errno of the first failed file access of the writer; 0 when there was none.
int ship_zip_error(const ship_zip_writer *writer);

typedef struct ship_zip_reader ship_zip_reader;

typedef struct {
    uint64_t size, compressed_size, data_offset;
    uint32_t crc, mode; // Unix mode bits when the entry has them, else 0
    uint16_t flags, method, name_length;
    uint64_t position[2]; // for ship_zip_open
} ship_zip_entry;

ship_zip_reader *ship_zip_open_archive(const char *path, int *error, uint64_t *entries);
void ship_zip_close_archive(ship_zip_reader *reader);

/// Moves to the first (`first` = 1) or the next entry and describes it; `name` gets up to `capacity` bytes of its name.
/// 1 = there is one, 0 = no more, below 0 = damaged.
int ship_zip_step(ship_zip_reader *reader, int first, ship_zip_entry *entry, char *name, unsigned capacity);

/// Goes to an entry and opens it for reading; fills in `entry->data_offset`.
int ship_zip_open(ship_zip_reader *reader, ship_zip_entry *entry);
/// Bytes read, 0 at the end, below 0 when damaged.
int ship_zip_read(ship_zip_reader *reader, void *bytes, unsigned capacity);
/// SHIP_ZIP_CRC when all was read and the checksum differs.
int ship_zip_close(ship_zip_reader *reader);

/// CRC-32 as ZIP, gzip and PNG use it; start with 0.
uint32_t ship_zip_crc32(uint32_t crc, const void *bytes, uint64_t count);

/// Unpacks a zlib stream into `target`; bytes written, or below 0 when it is damaged or larger than `capacity`.
int64_t ship_zip_inflate(const void *bytes, uint64_t count, void *target, uint64_t capacity);
