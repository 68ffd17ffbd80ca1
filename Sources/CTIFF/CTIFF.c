#define _GNU_SOURCE  // pread
#include "CTIFF.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

struct ship_tiff_reader {
    TIFF *tiff;
    int fd;
    const uint8_t *bytes;
    uint64_t size, position;
    char text[SHIP_TIFF_TEXT];  // first error since the last call
    int failed, past_end;
    TIFFRGBAImage rgba;
    int rgba_open;
    ship_tiff_info info;
    const uint64_t *offsets, *counts;
    // Separate planes are read side by side, but a compressed strip only from its start on: each further plane has a handle of its own.
    TIFF *planes[63];
    uint64_t memory;
    uint32_t page;
    int direct;  // rows lie uncompressed in the file: read without a strip buffer
};

static void keep(ship_tiff_reader *r, const char *module, const char *format, va_list arguments) {
    if (r->failed) return;
    r->failed = 1;
    size_t used = 0;
    (void)module;
    vsnprintf(r->text + used, sizeof r->text - used, format, arguments);
}

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    keep(user, module, format, arguments);
    return 1;
}

// libtiff goes on with gray or white where data are missing and only warns; to us lost pixels are errors.
static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff;
    char message[SHIP_TIFF_TEXT];
    va_list copy;
    va_copy(copy, arguments);
    vsnprintf(message, sizeof message, format, copy);
    va_end(copy);
    static const char *const lost[] = {
        "premature end", "Corrupt JPEG data", "Premature EOF", "Premature EOL", "Line length mismatch", "Bad code word", "Uncompressed data (not supported)",
        "Discarding", "Not enough data", "Fractional scanline", "Corrupted", "Read error",
    };
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
        if (strstr(message, lost[i])) {
            ship_tiff_reader *r = user;
            if (strstr(message, "remature")) r->past_end = 1;
            keep(r, module, format, arguments);
            break;
        }
    return 1;
}

static tmsize_t read_at(thandle_t handle, void *out, tmsize_t count) {
    ship_tiff_reader *r = handle;
    if (count <= 0) return 0;
    if (r->position >= r->size) {
        r->past_end = 1;
        return 0;
    }
    uint64_t left = r->size - r->position;
    if ((uint64_t)count > left) {
        count = (tmsize_t)left;
        r->past_end = 1;
    }
    if (r->bytes) {
        memcpy(out, r->bytes + r->position, (size_t)count);
        r->position += (uint64_t)count;
        return count;
    }
    tmsize_t done = 0;
    while (done < count) {
        ssize_t got = pread(r->fd, (char *)out + done, (size_t)(count - done), (off_t)r->position);
        if (got <= 0) break;
        done += got;
        r->position += (uint64_t)got;
    }
    return done;
}

static tmsize_t refuse_write(thandle_t handle, void *data, tmsize_t count) { (void)handle, (void)data, (void)count; return 0; }

static toff_t seek_to(thandle_t handle, toff_t offset, int whence) {
    ship_tiff_reader *r = handle;
    if (whence == SEEK_CUR) offset += r->position;
    if (whence == SEEK_END) offset += r->size;
    return r->position = offset;
}

static int leave_open(thandle_t handle) { (void)handle; return 0; }
static toff_t size_of(thandle_t handle) { return ((ship_tiff_reader *)handle)->size; }

static int report(ship_tiff_reader *r, char *text) {
    snprintf(text, SHIP_TIFF_TEXT, "%s", r->failed ? r->text : "the data cannot be decoded");
    if (r->failed && (strstr(r->text, "Memory") || strstr(r->text, "memory"))) return SHIP_TIFF_MEMORY;
    return r->past_end ? SHIP_TIFF_TRUNCATED : SHIP_TIFF_DAMAGED;
}

static void fill(ship_tiff_reader *r) {
    TIFF *t = r->tiff;
    ship_tiff_info *i = &r->info;
    uint16_t *kinds = NULL;
    uint16_t compression = 1;
    TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &i->width);
    TIFFGetField(t, TIFFTAG_IMAGELENGTH, &i->height);
    TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &i->bits);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &i->samples);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLEFORMAT, &i->sample_format);
    TIFFGetFieldDefaulted(t, TIFFTAG_PLANARCONFIG, &i->planar);
    TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &i->orientation);
    TIFFGetFieldDefaulted(t, TIFFTAG_COMPRESSION, &compression);
    i->compression = compression;
    if (!TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &i->photometric)) i->photometric = i->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    if (TIFFGetFieldDefaulted(t, TIFFTAG_EXTRASAMPLES, &i->extra_samples, &kinds) && i->extra_samples && kinds) i->first_extra = kinds[0];
    TIFFGetFieldDefaulted(t, TIFFTAG_INKSET, &i->ink_set);
    TIFFGetFieldDefaulted(t, TIFFTAG_RESOLUTIONUNIT, &i->resolution_unit);
    TIFFGetField(t, TIFFTAG_XRESOLUTION, &i->x_resolution);
    TIFFGetField(t, TIFFTAG_YRESOLUTION, &i->y_resolution);
    if (i->compression == COMPRESSION_JPEG && i->photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    i->rgba_only = i->compression == COMPRESSION_OJPEG || i->photometric == PHOTOMETRIC_CIELAB || i->photometric == PHOTOMETRIC_LOGL
        || i->photometric == PHOTOMETRIC_LOGLUV || (i->photometric == PHOTOMETRIC_YCBCR && i->compression != COMPRESSION_JPEG);
    i->tiled = TIFFIsTiled(t) != 0;
    if (i->tiled) {
        TIFFGetField(t, TIFFTAG_TILEWIDTH, &i->tile_width);
        TIFFGetField(t, TIFFTAG_TILELENGTH, &i->tile_height);
        i->tile_bytes = TIFFTileSize64(t);
        i->tile_row_bytes = TIFFTileRowSize64(t);
    } else {
        TIFFGetFieldDefaulted(t, TIFFTAG_ROWSPERSTRIP, &i->rows_per_strip);
        i->row_bytes = TIFFScanlineSize64(t);
    }
    uint16_t order = FILLORDER_MSB2LSB;
    TIFFGetFieldDefaulted(t, TIFFTAG_FILLORDER, &order);
    r->direct = !i->tiled && !i->rgba_only && i->compression == COMPRESSION_NONE && order == FILLORDER_MSB2LSB && (i->bits == 8 || i->bits == 16)
        && i->rows_per_strip > 0 && TIFFGetField(t, TIFFTAG_STRIPOFFSETS, &r->offsets) && TIFFGetField(t, TIFFTAG_STRIPBYTECOUNTS, &r->counts)
        && r->offsets && r->counts;
}

static TIFF *open_handle(ship_tiff_reader *r) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)r->memory);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, r);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, r);
    r->position = 0;
    TIFF *t = TIFFClientOpenExt("image", "rm", r, read_at, refuse_write, seek_to, leave_open, size_of, NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return t;
}

ship_tiff_reader *ship_tiff_open(
    int fd, const uint8_t *bytes, uint64_t size, uint64_t memory, uint32_t page, ship_tiff_info *info, int *code, char *text
) {
    ship_tiff_reader *r = calloc(1, sizeof *r);
    if (!r) {
        *code = SHIP_TIFF_MEMORY;
        snprintf(text, SHIP_TIFF_TEXT, "out of memory");
        return NULL;
    }
    r->fd = fd;
    r->bytes = bytes;
    r->size = size;
    r->memory = memory;
    r->page = page;
    r->tiff = open_handle(r);
    if (!r->tiff) {
        *code = report(r, text);
        free(r);
        return NULL;
    }
    uint32_t pages = TIFFNumberOfDirectories(r->tiff);
    if (pages == 0) pages = 1;  // a damaged pointer to the next page hides the first one too
    r->failed = r->past_end = 0;
    if (page >= pages) {
        *code = SHIP_TIFF_NO_PAGE;
        snprintf(text, SHIP_TIFF_TEXT, "%u", pages);
        ship_tiff_close(r);
        return NULL;
    }
    if (!TIFFSetDirectory(r->tiff, page)) {
        *code = report(r, text);
        ship_tiff_close(r);
        return NULL;
    }
    r->failed = r->past_end = 0;
    r->info.pages = pages;
    fill(r);
    *info = r->info;
    *code = SHIP_TIFF_OK;
    return r;
}

static int read_all(ship_tiff_reader *r, uint8_t *out, uint64_t offset, uint64_t count) {
    if (offset > r->size || count > r->size - offset) {
        r->past_end = 1;
        return 0;
    }
    r->position = offset;
    return read_at(r, out, (tmsize_t)count) == (tmsize_t)count;
}

int ship_tiff_row(ship_tiff_reader *r, uint8_t *out, uint32_t y, uint16_t plane, char *text) {
    r->failed = r->past_end = 0;
    if (r->direct) {
        uint32_t strip = TIFFComputeStrip(r->tiff, y, plane);
        uint64_t within = (uint64_t)(y % r->info.rows_per_strip) * r->info.row_bytes;
        // A count that is too small is a common fault of writers; what counts is that the file holds the bytes.
        if (strip >= TIFFNumberOfStrips(r->tiff) || r->offsets[strip] == 0 || r->offsets[strip] > UINT64_MAX - within
            || !read_all(r, out, r->offsets[strip] + within, r->info.row_bytes)) {
            snprintf(text, SHIP_TIFF_TEXT, "row %u lies outside the file", y);
            return SHIP_TIFF_TRUNCATED;
        }
        if (r->info.bits == 16 && TIFFIsByteSwapped(r->tiff)) TIFFSwabArrayOfShort((uint16_t *)(void *)out, (tmsize_t)(r->info.row_bytes / 2));
        return SHIP_TIFF_OK;
    }
    TIFF *t = r->tiff;
    if (plane > 0) {
        if (plane > sizeof r->planes / sizeof *r->planes) return report(r, text);
        t = r->planes[plane - 1];
        if (!t) {
            t = r->planes[plane - 1] = open_handle(r);
            if (!t || !TIFFSetDirectory(t, r->page)) return report(r, text);
            r->failed = r->past_end = 0;  // the first handle has met the same oddities before
        }
    }
    if (TIFFReadScanline(t, out, y, plane) < 0 || r->failed) return report(r, text);
    return SHIP_TIFF_OK;
}

int ship_tiff_tile(ship_tiff_reader *r, uint8_t *out, uint64_t size, uint32_t x, uint32_t y, uint16_t plane, char *text) {
    r->failed = r->past_end = 0;
    uint32_t tile = TIFFComputeTile(r->tiff, x, y, 0, plane);
    tmsize_t got = TIFFReadEncodedTile(r->tiff, tile, out, (tmsize_t)size);
    if (got < 0 || r->failed) return report(r, text);
    if ((uint64_t)got < size) memset(out + got, 0, size - (uint64_t)got);
    return SHIP_TIFF_OK;
}

int ship_tiff_rgba(ship_tiff_reader *r, uint32_t *out, uint32_t y, uint32_t count, char *text) {
    r->failed = r->past_end = 0;
    if (!r->rgba_open) {
        char message[1024] = "";
        if (!TIFFRGBAImageOK(r->tiff, message) || !TIFFRGBAImageBegin(&r->rgba, r->tiff, 1, message)) {
            snprintf(text, SHIP_TIFF_TEXT, "%s", message);
            return SHIP_TIFF_DAMAGED;
        }
        r->rgba_open = 1;
        r->rgba.req_orientation = r->rgba.orientation;  // no turning: whoever asks for upright pictures turns them
    }
    r->rgba.row_offset = (int)y;
    r->rgba.col_offset = 0;
    if (!TIFFRGBAImageGet(&r->rgba, out, r->info.width, count) || r->failed) return report(r, text);
    return SHIP_TIFF_OK;
}

int ship_tiff_palette(ship_tiff_reader *r, const uint16_t **red, const uint16_t **green, const uint16_t **blue) {
    uint16_t *a = NULL, *b = NULL, *c = NULL;
    int found = TIFFGetField(r->tiff, TIFFTAG_COLORMAP, &a, &b, &c) && a && b && c;
    *red = a;
    *green = b;
    *blue = c;
    return found;
}

const char *ship_tiff_text(ship_tiff_reader *r, uint32_t tag, size_t *size) {
    const TIFFField *field = TIFFFindField(r->tiff, tag, TIFF_ANY);
    *size = 0;
    if (!field) return NULL;
    if (TIFFFieldDataType(field) == TIFF_ASCII && !TIFFFieldPassCount(field)) {
        char *value = NULL;
        if (!TIFFGetField(r->tiff, tag, &value) || !value) return NULL;
        *size = strlen(value);
        return value;
    }
    if (tag == TIFFTAG_XMLPACKET) {
        uint32_t count = 0;
        void *value = NULL;
        if (!TIFFGetField(r->tiff, tag, &count, &value) || !value) return NULL;
        *size = count;
        return value;
    }
    return NULL;
}

void ship_tiff_close(ship_tiff_reader *r) {
    if (r->rgba_open) TIFFRGBAImageEnd(&r->rgba);
    for (size_t i = 0; i < sizeof r->planes / sizeof *r->planes; i++)
        if (r->planes[i]) TIFFClose(r->planes[i]);
    TIFFClose(r->tiff);
    free(r);
}

// ---------------------------------------------------------------- writing

typedef struct {
    uint8_t *bytes;
    uint64_t size, capacity, position;
    char text[SHIP_TIFF_TEXT];
} sink;

static tmsize_t sink_read(thandle_t handle, void *out, tmsize_t count) {
    sink *s = handle;
    if (count <= 0 || s->position >= s->size) return 0;
    if ((uint64_t)count > s->size - s->position) count = (tmsize_t)(s->size - s->position);
    memcpy(out, s->bytes + s->position, (size_t)count);
    s->position += (uint64_t)count;
    return count;
}

static tmsize_t sink_write(thandle_t handle, void *data, tmsize_t count) {
    sink *s = handle;
    if (count <= 0) return 0;
    uint64_t end = s->position + (uint64_t)count;
    if (end > s->capacity) {
        uint64_t capacity = s->capacity * 2 > end ? s->capacity * 2 : end + 4096;
        uint8_t *bytes = realloc(s->bytes, capacity);
        if (!bytes) return 0;
        s->bytes = bytes;
        s->capacity = capacity;
    }
    if (s->position > s->size) memset(s->bytes + s->size, 0, s->position - s->size);
    memcpy(s->bytes + s->position, data, (size_t)count);
    s->position = end;
    if (end > s->size) s->size = end;
    return count;
}

static toff_t sink_seek(thandle_t handle, toff_t offset, int whence) {
    sink *s = handle;
    if (whence == SEEK_CUR) offset += s->position;
    if (whence == SEEK_END) offset += s->size;
    return s->position = offset;
}

static toff_t sink_size(thandle_t handle) { return ((sink *)handle)->size; }

static int sink_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)module;
    sink *s = user;
    if (!s->text[0]) vsnprintf(s->text, sizeof s->text, format, arguments);
    return 1;
}

static int sink_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static void turn_to_rgb(uint8_t *out, const uint8_t *row, uint32_t width, uint32_t bits) {
    if (bits == 8) {
        for (uint32_t x = 0; x < width; x++) {
            out[3 * x] = row[3 * x + 2];
            out[3 * x + 1] = row[3 * x + 1];
            out[3 * x + 2] = row[3 * x];
        }
        return;
    }
    uint16_t *to = (uint16_t *)(void *)out;
    const uint16_t *from = (const uint16_t *)(const void *)row;
    for (uint32_t x = 0; x < width; x++) {
        to[3 * x] = from[3 * x + 2];
        to[3 * x + 1] = from[3 * x + 1];
        to[3 * x + 2] = from[3 * x];
    }
}

int ship_tiff_encode(
    const uint8_t *rows, size_t stride, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, uint32_t compression,
    double per_centimetre, uint8_t **bytes, size_t *size, char *text
) {
    sink s = {0};
    size_t row_bytes = (size_t)width * channels * bits / 8;
    uint8_t *row = malloc(row_bytes + 1);
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    TIFF *t = NULL;
    if (row && options) {
        TIFFOpenOptionsSetErrorHandlerExtR(options, sink_error, &s);
        TIFFOpenOptionsSetWarningHandlerExtR(options, sink_warning, &s);
        int big = (uint64_t)row_bytes * height > 3500000000u;
        t = TIFFClientOpenExt("image", big ? "w8m" : "wm", &s, sink_read, sink_write, sink_seek, leave_open, sink_size, NULL, NULL, options);
    }
    if (options) TIFFOpenOptionsFree(options);
    int ok = t != NULL;
    if (ok) {
        TIFFSetField(t, TIFFTAG_IMAGEWIDTH, width);
        TIFFSetField(t, TIFFTAG_IMAGELENGTH, height);
        TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, bits);
        TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, channels);
        TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
        TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
        TIFFSetField(t, TIFFTAG_PHOTOMETRIC, channels == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
        TIFFSetField(t, TIFFTAG_COMPRESSION, compression);
        if (compression != COMPRESSION_NONE) TIFFSetField(t, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
        size_t per_strip = row_bytes ? (256u << 10) / row_bytes : 1;
        TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, (uint32_t)(per_strip ? per_strip : 1));
        if (per_centimetre > 0) {
            TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
            TIFFSetField(t, TIFFTAG_XRESOLUTION, per_centimetre);
            TIFFSetField(t, TIFFTAG_YRESOLUTION, per_centimetre);
        }
        for (uint32_t y = 0; ok && y < height; y++) {
            if (channels == 3) turn_to_rgb(row, rows + (size_t)y * stride, width, bits);
            else memcpy(row, rows + (size_t)y * stride, row_bytes);  // libtiff's predictor works in place
            ok = TIFFWriteScanline(t, row, y, 0) >= 0;
        }
        ok = TIFFFlush(t) && ok;
        TIFFClose(t);
    }
    free(row);
    if (!ok) {
        snprintf(text, SHIP_TIFF_TEXT, "%s", s.text[0] ? s.text : "out of memory");
        free(s.bytes);
        return SHIP_TIFF_DAMAGED;
    }
    *bytes = s.bytes;
    *size = s.size;
    return SHIP_TIFF_OK;
}

void ship_tiff_free(uint8_t *bytes) { free(bytes); }
