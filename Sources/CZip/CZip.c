// Plain C mode hides POSIX names.
#define _GNU_SOURCE
#include "CZip.h"

#include <errno.h>
#include <fcntl.h>
#include <minizip/zip.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

// A FILE that remembers its first error.
typedef struct {
    FILE *file;
    int error;
    bool abandoned;
} stream;

static void remember(stream *stream) {
    if (!stream->error) stream->error = errno ? errno : EIO;
}

static FILE *create_file(const char *path, int *error) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    struct stat status;
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(descriptor);
        descriptor = -1;
        errno = EISDIR;
    }
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w+b");
    if (!file) {
        *error = errno;
        if (descriptor >= 0) close(descriptor);
        return NULL;
    }
    setvbuf(file, NULL, _IOFBF, 1 << 18);
    return file;
}

static voidpf file_open(voidpf opaque, const void *name, int mode) {
    (void)name, (void)mode;
    return opaque;
}

static uLong file_read(voidpf opaque, voidpf handle, void *bytes, uLong count) {
    (void)opaque;
    return (uLong)fread(bytes, 1, count, ((stream *)handle)->file);
}

static uLong file_write(voidpf opaque, voidpf handle, const void *bytes, uLong count) {
    (void)opaque;
    // zipClose frees memory, but it also writes a directory, which an archive that was given up must not get.
    if (((stream *)handle)->abandoned) return count;
    uLong written = (uLong)fwrite(bytes, 1, count, ((stream *)handle)->file);
    if (written != count) remember(handle);
    return written;
}

static ZPOS64_T file_tell(voidpf opaque, voidpf handle) {
    (void)opaque;
    off_t position = ftello(((stream *)handle)->file);
    return position < 0 ? (ZPOS64_T)-1 : (ZPOS64_T)position;
}

static long file_seek(voidpf opaque, voidpf handle, ZPOS64_T offset, int origin) {
    (void)opaque;
    int from = origin == ZLIB_FILEFUNC_SEEK_CUR ? SEEK_CUR : origin == ZLIB_FILEFUNC_SEEK_END ? SEEK_END : SEEK_SET;
    if (offset > (ZPOS64_T)INT64_MAX) return -1;
    if (fseeko(((stream *)handle)->file, (off_t)offset, from) == 0) return 0;
    remember(handle);
    return -1;
}

// The owner closes the file itself, to see the result.
static int file_close(voidpf opaque, voidpf handle) {
    (void)opaque, (void)handle;
    return 0;
}

static int file_error(voidpf opaque, voidpf handle) {
    (void)opaque;
    return ferror(((stream *)handle)->file);
}

static zlib_filefunc64_def file_functions(stream *stream) {
    return (zlib_filefunc64_def){
        .zopen64_file = file_open, .zread_file = file_read, .zwrite_file = file_write, .ztell64_file = file_tell,
        .zseek64_file = file_seek, .zclose_file = file_close, .zerror_file = file_error, .opaque = stream,
    };
}

// Writing

struct ship_zip_writer {
    stream stream;
    zipFile zip;
    uint64_t entries;
};

ship_zip_writer *ship_zip_create(const char *path, int *error) {
    ship_zip_writer *writer = calloc(1, sizeof *writer);
    if (!writer) { *error = ENOMEM; return NULL; }
    writer->stream.file = create_file(path, error);
    if (!writer->stream.file) { free(writer); return NULL; }
    zlib_filefunc64_def functions = file_functions(&writer->stream);
    writer->zip = zipOpen2_64(path, APPEND_STATUS_CREATE, NULL, &functions);
    if (!writer->zip) {
        *error = ENOMEM;
        fclose(writer->stream.file);
        free(writer);
        return NULL;
    }
    return writer;
}

int ship_zip_begin(ship_zip_writer *writer, const char *name, int level, int huge) {
    enum { names_are_utf8 = 1 << 11, made_by_unix_4_5 = 3 << 8 | 45 };
    // Date of 1980-01-01 in MS-DOS form; a regular file readable by all.
    zip_fileinfo info = {.dosDate = 1 << 21 | 1 << 16, .external_fa = (uLong)(S_IFREG | 0644) << 16};
    return zipOpenNewFileInZip4_64(
        writer->zip, name, &info, NULL, 0, NULL, 0, NULL, level > 0 ? Z_DEFLATED : 0, level > 0 ? level : Z_DEFAULT_COMPRESSION, 0,
        -MAX_WBITS, DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, NULL, 0, made_by_unix_4_5, names_are_utf8, huge);
}

int ship_zip_write(ship_zip_writer *writer, const void *bytes, unsigned count) {
    return zipWriteInFileInZip(writer->zip, bytes, count);
}

int ship_zip_end(ship_zip_writer *writer) {
    writer->entries++;
    return zipCloseFileInZip(writer->zip);
}

static void put(unsigned char *target, uint64_t value, int bytes) {
    for (int at = 0; at < bytes; at++) target[at] = (unsigned char)(value >> (8 * at));
}

static uint64_t get(const unsigned char *source, int bytes) {
    uint64_t value = 0;
    for (int at = bytes - 1; at >= 0; at--) value = value << 8 | source[at];
    return value;
}

// minizip 1.1 adds the ZIP64 end records for archives beyond 4 GiB, not for those of more than 65,535 entries.
static bool add_zip64_end(ship_zip_writer *writer) {
    enum { end_size = 22, end64_size = 56, locator_size = 20 };
    FILE *file = writer->stream.file;
    unsigned char end[end_size], records[end64_size + locator_size] = {0};
    if (fseeko(file, -end_size, SEEK_END) != 0 || fread(end, 1, end_size, file) != end_size) return false;
    uint64_t size = get(end + 12, 4), offset = get(end + 16, 4), start = offset + size;
    if (offset == 0xffffffff) return true; // minizip has written them
    put(records, 0x06064b50, 4);
    put(records + 4, end64_size - 12, 8);
    put(records + 12, 3 << 8 | 45, 2);
    put(records + 14, 45, 2);
    put(records + 24, writer->entries, 8);
    put(records + 32, writer->entries, 8);
    put(records + 40, size, 8);
    put(records + 48, offset, 8);
    put(records + end64_size, 0x07064b50, 4);
    put(records + end64_size + 8, start, 8);
    put(records + end64_size + 16, 1, 4);
    put(end + 8, 0xffff, 2);
    put(end + 10, 0xffff, 2);
    return fseeko(file, (off_t)start, SEEK_SET) == 0 && fwrite(records, 1, sizeof records, file) == sizeof records
        && fwrite(end, 1, end_size, file) == end_size;
}

int ship_zip_finish(ship_zip_writer *writer, int *error) {
    int result = zipClose(writer->zip, NULL);
    if (result == ZIP_OK && !writer->stream.error && writer->entries >= 0xffff && !add_zip64_end(writer)) remember(&writer->stream);
    if (fflush(writer->stream.file) != 0) remember(&writer->stream);
    if (fsync(fileno(writer->stream.file)) != 0) remember(&writer->stream);
    if (fclose(writer->stream.file) != 0) remember(&writer->stream);
    *error = writer->stream.error;
    free(writer);
    return *error ? SHIP_ZIP_IO : result;
}

void ship_zip_abandon(ship_zip_writer *writer) {
    writer->stream.abandoned = true;
    zipClose(writer->zip, NULL);
    fclose(writer->stream.file);
    free(writer);
}

int ship_zip_error(const ship_zip_writer *writer) {
    return writer->stream.error;
}

// Reading

struct ship_zip_inflater {
    z_stream stream;
};

ship_zip_inflater *ship_zip_inflater_create(void) {
    ship_zip_inflater *inflater = calloc(1, sizeof *inflater);
    if (inflater && inflateInit2(&inflater->stream, -MAX_WBITS) != Z_OK) {
        free(inflater);
        return NULL;
    }
    return inflater;
}

int ship_zip_inflater_step(
    ship_zip_inflater *inflater, const void *packed, unsigned count, unsigned *used, void *bytes, unsigned capacity, unsigned *made) {
    inflater->stream.next_in = (Bytef *)packed;
    inflater->stream.avail_in = count;
    inflater->stream.next_out = bytes;
    inflater->stream.avail_out = capacity;
    int result = inflate(&inflater->stream, Z_NO_FLUSH);
    *used = count - inflater->stream.avail_in;
    *made = capacity - inflater->stream.avail_out;
    if (result == Z_STREAM_END) return 1;
    // Neither is an error: all that was given is used, or all room is full.
    return result == Z_OK || result == Z_BUF_ERROR ? 0 : result < 0 ? result : Z_DATA_ERROR;
}

void ship_zip_inflater_free(ship_zip_inflater *inflater) {
    inflateEnd(&inflater->stream);
    free(inflater);
}

uint32_t ship_zip_crc32(uint32_t crc, const void *bytes, uint64_t count) {
    return (uint32_t)crc32_z(crc, bytes, (z_size_t)count);
}

int64_t ship_zip_inflate(const void *bytes, uint64_t count, void *target, uint64_t capacity) {
    uLongf written = (uLongf)capacity;
    int result = uncompress(target, &written, bytes, (uLong)count);
    return result == Z_OK ? (int64_t)written : result;
}
