#pragma once
#include <stdint.h>

// minizip (writing) and zlib behind plain functions: file access with close-on-exec, no links followed, and every failed write
// or sync reported (minizip's own file functions drop the result of fclose).

// Results below 0; minizip's and zlib's own codes (-1 … -6, -100 …) are passed through.
enum {
    SHIP_ZIP_OK = 0,
    SHIP_ZIP_IO = -1,
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

// Entries are found by Swift, because minizip 1.1 does not read the ZIP64 sizes and offsets of its directory where `long` has 64 bits.
typedef struct ship_zip_inflater ship_zip_inflater;

/// For one entry packed by Deflate. NULL without memory.
ship_zip_inflater *ship_zip_inflater_create(void);
/// Unpacks what there is room for: `*used` bytes of what was given made `*made` bytes. 1 = that was the end, 0 = it goes on, below 0 = damaged.
int ship_zip_inflater_step(
    ship_zip_inflater *inflater, const void *packed, unsigned count, unsigned *used, void *bytes, unsigned capacity, unsigned *made);
void ship_zip_inflater_free(ship_zip_inflater *inflater);

/// CRC-32 as ZIP, gzip and PNG use it; start with 0.
uint32_t ship_zip_crc32(uint32_t crc, const void *bytes, uint64_t count);

/// Unpacks a zlib stream into `target`; bytes written, or below 0 when it is damaged or larger than `capacity`.
int64_t ship_zip_inflate(const void *bytes, uint64_t count, void *target, uint64_t capacity);
