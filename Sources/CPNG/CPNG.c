#define _GNU_SOURCE  // pread
#include "CPNG.h"

#include <errno.h>
#include <libdeflate.h>
#include <png.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct ship_png_reader {
    png_structp png;
    png_infop info;
    int fd;
    const uint8_t *bytes;
    uint64_t size, position;
    int ended, code;
    char text[SHIP_PNG_TEXT];
    uint32_t height, row, channels;
    size_t row_bytes;
    uint8_t *whole;  // all rows of an interlaced picture
    int interlaced;
    uint64_t memory;
};

static void failed(png_structp png, png_const_charp message) {
    ship_png_reader *r = png_get_error_ptr(png);
    snprintf(r->text, sizeof r->text, "%s", message);
    png_longjmp(png, 1);
}

static void warned(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void read_data(png_structp png, png_bytep out, size_t count) {
    ship_png_reader *r = png_get_io_ptr(png);
    if (r->bytes) {
        if (count > r->size - r->position) {
            r->ended = 1;
            png_error(png, "the file ends too early");
        }
        memcpy(out, r->bytes + r->position, count);
        r->position += count;
        return;
    }
    while (count > 0) {
        ssize_t got = pread(r->fd, out, count, (off_t)r->position);
        if (got <= 0) {
            r->ended = 1;
            png_error(png, "the file ends too early");
        }
        r->position += (uint64_t)got;
        out += got;
        count -= (size_t)got;
    }
}

static int report(ship_png_reader *r, char *text) {
    snprintf(text, SHIP_PNG_TEXT, "%s", r->text);
    return r->ended ? SHIP_PNG_TRUNCATED : r->code ? r->code : SHIP_PNG_DAMAGED;
}

ship_png_reader *ship_png_open(
    int fd, const uint8_t *bytes, uint64_t size, uint64_t memory, uint32_t max_side, uint32_t packed, ship_png_info *out, int *code,
    char *text
) {
    ship_png_reader *r = calloc(1, sizeof *r);
    if (r) r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, failed, warned);
    if (r && r->png) r->info = png_create_info_struct(r->png);
    if (!r || !r->png || !r->info) {
        if (r && r->png) png_destroy_read_struct(&r->png, NULL, NULL);
        free(r);
        *code = SHIP_PNG_MEMORY;
        snprintf(text, SHIP_PNG_TEXT, "out of memory");
        return NULL;
    }
    r->fd = fd;
    r->bytes = bytes;
    r->size = size;
    r->memory = memory;
    if (setjmp(png_jmpbuf(r->png))) {
        *code = report(r, text);
        ship_png_close(r);
        return NULL;
    }
    png_structp png = r->png;
    png_set_read_fn(png, r, read_data);
    png_set_user_limits(png, max_side, max_side);
    png_set_chunk_malloc_max(png, 8u << 20);
    // For these, libpng takes as much memory as the chunk says it is long, before it reads any of it. None changes pixels as
    // they are read here, and texts and EXIF are read elsewhere.
    static const char skipped[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0sBIT\0sCAL\0sPLT\0sRGB\0sTER\0tEXt\0tIME\0zTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep)skipped, sizeof skipped / 5);
    png_read_info(png, r->info);
    uint32_t type = png_get_color_type(png, r->info), bits = png_get_bit_depth(png, r->info);
    out->width = png_get_image_width(png, r->info);
    out->height = r->height = png_get_image_height(png, r->info);
    out->stored_bits = bits;
    out->stored_channels = png_get_channels(png, r->info);
    out->palette = type == PNG_COLOR_TYPE_PALETTE;
    r->interlaced = png_get_interlace_type(png, r->info) != PNG_INTERLACE_NONE;
    out->interlaced = (uint32_t)r->interlaced;
    png_uint_32 x = 0, y = 0;
    int unit = 0;
    if (png_get_pHYs(png, r->info, &x, &y, &unit) == 0) x = y = 0;
    out->x_per_unit = x;
    out->y_per_unit = y;
    out->unit_is_metre = unit == PNG_RESOLUTION_METER;
    if (packed == 2) {
        if (bits == 16) png_set_swap(png);
        png_set_bgr(png);
    } else if (packed) {
        if (bits != 1) png_error(png, "the picture is not 1 bit a pixel");
    } else {
        png_set_expand(png);  // palette to colour, 1, 2, 4 bits to 8, tRNS to alpha
        if (bits == 16) png_set_swap(png);
        png_set_bgr(png);
    }
    if (r->interlaced) png_set_interlace_handling(png);
    png_read_update_info(png, r->info);
    out->channels = r->channels = png_get_channels(png, r->info);
    out->bits = png_get_bit_depth(png, r->info);
    r->row_bytes = png_get_rowbytes(png, r->info);
    *code = SHIP_PNG_OK;
    return r;
}

static void read_whole(ship_png_reader *r) {
    if (r->row_bytes == 0 || r->height > r->memory / r->row_bytes) {
        r->code = SHIP_PNG_MEMORY;
        png_error(r->png, "the picture is interlaced and would be held whole");
    }
    r->whole = malloc(r->row_bytes * r->height);
    if (!r->whole) {
        r->code = SHIP_PNG_MEMORY;
        png_error(r->png, "out of memory");
    }
    // libpng leaves pixels of later passes alone, and merges bit depths below 8 with what is there.
    memset(r->whole, 0, r->row_bytes * r->height);
    for (int pass = 0; pass < 7; pass++)
        for (uint32_t y = 0; y < r->height; y++) png_read_row(r->png, r->whole + (size_t)y * r->row_bytes, NULL);
}

int ship_png_read(ship_png_reader *r, uint8_t *out, size_t stride, uint32_t count, char *text) {
    if (setjmp(png_jmpbuf(r->png))) return report(r, text);
    if (count > r->height - r->row) png_error(r->png, "no more rows");
    if (r->interlaced && !r->whole) read_whole(r);
    for (uint32_t i = 0; i < count; i++, r->row++, out += stride) {
        if (r->whole) memcpy(out, r->whole + (size_t)r->row * r->row_bytes, r->row_bytes);
        else png_read_row(r->png, out, NULL);
    }
    return SHIP_PNG_OK;
}

uint32_t ship_png_palette(ship_png_reader *r, uint32_t index) {
    png_colorp colours = NULL;
    int count = 0, alphas = 0;
    png_bytep alpha = NULL;
    png_get_PLTE(r->png, r->info, &colours, &count);
    png_get_tRNS(r->png, r->info, &alpha, &alphas, NULL);
    if (!colours || index >= (uint32_t)count) return 0xFF000000u;
    uint32_t a = alpha && index < (uint32_t)alphas ? alpha[index] : 255;
    return a << 24 | (uint32_t)colours[index].red << 16 | (uint32_t)colours[index].green << 8 | colours[index].blue;
}

void ship_png_close(ship_png_reader *r) {
    png_destroy_read_struct(&r->png, &r->info, NULL);
    free(r->whole);
    free(r);
}

// ---------------------------------------------------------------- writing

struct ship_png_writer {
    png_structp png;
    png_infop info;
    int fd;          // -1: the file is collected in memory
    uint8_t *bytes;  // what is not in the file yet, or all of it
    size_t size, capacity;
    char text[SHIP_PNG_TEXT];
};

enum { OUTPUT_BYTES = 1 << 16 };

static void write_failed(png_structp png, png_const_charp message) {
    ship_png_writer *w = png_get_error_ptr(png);
    if (!w->text[0]) snprintf(w->text, sizeof w->text, "%s", message);
    png_longjmp(png, 1);
}

static void write_out(png_structp png, ship_png_writer *w, const uint8_t *data, size_t count) {
    while (count > 0) {
        ssize_t done = write(w->fd, data, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            snprintf(w->text, sizeof w->text, "%s", strerror(done < 0 ? errno : ENOSPC));
            png_error(png, "");
        }
        data += done;
        count -= (size_t)done;
    }
}

static void write_data(png_structp png, png_bytep data, size_t count) {
    ship_png_writer *w = png_get_io_ptr(png);
    if (count > w->capacity - w->size) {
        if (w->fd >= 0) {
            write_out(png, w, w->bytes, w->size);
            w->size = 0;
            if (count >= w->capacity) {
                write_out(png, w, data, count);
                return;
            }
        } else {
            size_t capacity = w->capacity * 2 > w->size + count ? w->capacity * 2 : w->size + count + 4096;
            uint8_t *bytes = realloc(w->bytes, capacity);
            if (!bytes) png_error(png, "out of memory");
            w->bytes = bytes;
            w->capacity = capacity;
        }
    }
    memcpy(w->bytes + w->size, data, count);
    w->size += count;
}

static void flush_data(png_structp png) { (void)png; }

static int write_report(ship_png_writer *w, char *text) {
    snprintf(text, SHIP_PNG_TEXT, "%s", w->text[0] ? w->text : "out of memory");
    return SHIP_PNG_DAMAGED;
}

ship_png_writer *ship_png_writer_create(
    int fd, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, int level, char *text
) {
    ship_png_writer *w = calloc(1, sizeof *w);
    if (w) {
        w->fd = fd;
        w->capacity = fd < 0 ? 4096 : OUTPUT_BYTES;
        w->bytes = malloc(w->capacity);
        w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, w, write_failed, warned);
        if (w->png) w->info = png_create_info_struct(w->png);
    }
    if (!w || !w->bytes || !w->info) {
        snprintf(text, SHIP_PNG_TEXT, "out of memory");
        if (w) ship_png_writer_destroy(w);
        return NULL;
    }
    png_structp png = w->png;
    if (setjmp(png_jmpbuf(png))) {
        write_report(w, text);
        ship_png_writer_destroy(w);
        return NULL;
    }
    png_set_write_fn(png, w, write_data, flush_data);
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_IHDR(
        png, w->info, width, height, (int)bits, channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, level);
    // Up and Sub cost little; Average and Paeth double the time for a few per cent of size.
    png_set_filter(png, 0, bits == 1 ? PNG_FILTER_NONE : PNG_FILTER_NONE | PNG_FILTER_SUB | PNG_FILTER_UP);
    png_write_info(png, w->info);
    if (bits == 16) png_set_swap(png);
    if (channels == 3) png_set_bgr(png);
    return w;
}

int ship_png_writer_chunk(ship_png_writer *w, const char *name, const uint8_t *data, size_t size, char *text) {
    if (setjmp(png_jmpbuf(w->png))) return write_report(w, text);
    png_write_chunk(w->png, (png_const_bytep)name, data, size);
    return SHIP_PNG_OK;
}

int ship_png_writer_rows(ship_png_writer *w, const uint8_t *rows, size_t stride, uint32_t count, char *text) {
    if (setjmp(png_jmpbuf(w->png))) return write_report(w, text);
    for (uint32_t y = 0; y < count; y++) png_write_row(w->png, rows + (size_t)y * stride);
    return SHIP_PNG_OK;
}

int ship_png_writer_finish(ship_png_writer *w, const uint8_t **bytes, size_t *size, char *text) {
    if (setjmp(png_jmpbuf(w->png))) return write_report(w, text);
    png_write_end(w->png, NULL);
    if (w->fd >= 0) {
        write_out(w->png, w, w->bytes, w->size);
        w->size = 0;
    }
    *bytes = w->bytes;
    *size = w->size;
    return SHIP_PNG_OK;
}

void ship_png_writer_destroy(ship_png_writer *w) {
    if (w->png) png_destroy_write_struct(&w->png, &w->info);
    free(w->bytes);
    free(w);
}

// ---------------------------------------------------------------- many small pictures

// Setting up zlib and libpng costs more than a small mask, so a thread keeps one zlib state for all of them.
int ship_inflate_whole(const uint8_t *data, size_t size, uint8_t *out, size_t out_size) {
    static _Thread_local z_stream stream;
    static _Thread_local int is_ready = 0;
    if (size > UINT32_MAX || out_size > UINT32_MAX) return 0;
    if (!is_ready) {
        if (inflateInit(&stream) != Z_OK) return 0;
        is_ready = 1;
    } else if (inflateReset(&stream) != Z_OK) {
        return 0;
    }
    stream.next_in = (Bytef *)data;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)out_size;
    return inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
}

// ---------------------------------------------------------------- checksums

uint32_t ship_crc32(const uint8_t *bytes, size_t size) { return libdeflate_crc32(0, bytes, size); }

// zlib's adler32 is not vectorised and would cost more than encoding a mask does. Here sixteen lanes of 16 bits take 256 bytes at
// a time: `sum` of the lane's bytes and `later`, which holds each byte as often as bytes of its lane follow.
uint32_t ship_adler32(const uint8_t *bytes, size_t size) {
    uint64_t a = 1, b = 0;
    while (size >= 256) {
        uint16_t sum[16] = {0}, later[16] = {0};
        for (int k = 0; k < 16; k++)
            for (int j = 0; j < 16; j++) {
                later[j] = (uint16_t)(later[j] + sum[j]);
                sum[j] = (uint16_t)(sum[j] + bytes[16 * k + j]);
            }
        uint32_t total = 0, weighted = 0;
        for (uint32_t j = 0; j < 16; j++) {
            total += sum[j];
            weighted += 16u * later[j] + (16u - j) * sum[j];
        }
        b = (b + 256 * a + weighted) % 65521;
        a = (a + total) % 65521;
        bytes += 256;
        size -= 256;
    }
    for (; size > 0; size--) {
        a += *bytes++;
        b += a;
    }
    return (uint32_t)(b % 65521 << 16 | a % 65521);
}

// Compressors are kept by thread: making one takes as long as a small picture.
static pthread_key_t compressor_key;
static pthread_once_t compressor_once = PTHREAD_ONCE_INIT;

typedef struct {
    struct libdeflate_compressor *compressor;
    int level;
} kept_compressor;

static void free_compressor(void *kept) {
    if (!kept) return;
    libdeflate_free_compressor(((kept_compressor *)kept)->compressor);
    free(kept);
}

static void make_compressor_key(void) { pthread_key_create(&compressor_key, free_compressor); }

static struct libdeflate_compressor *compressor_of(int level) {
    pthread_once(&compressor_once, make_compressor_key);
    kept_compressor *kept = pthread_getspecific(compressor_key);
    if (kept && kept->level == level) return kept->compressor;
    free_compressor(kept);
    pthread_setspecific(compressor_key, NULL);
    kept = malloc(sizeof *kept);
    if (!kept) return NULL;
    *kept = (kept_compressor){libdeflate_alloc_compressor(level), level};
    if (!kept->compressor || pthread_setspecific(compressor_key, kept)) {
        struct libdeflate_compressor *none = NULL;
        if (kept->compressor) libdeflate_free_compressor(kept->compressor);
        free(kept);
        return none;
    }
    return kept->compressor;
}

static void put32(uint8_t *at, uint32_t number) {
    at[0] = number >> 24, at[1] = number >> 16, at[2] = number >> 8, at[3] = number;
}

static uint8_t *put_chunk(uint8_t *at, const char *name, size_t size) {
    put32(at, (uint32_t)size);
    memcpy(at + 4, name, 4);
    put32(at + 8 + size, libdeflate_crc32(0, at + 4, size + 4));
    return at + 12 + size;
}

// ---------------------------------------------------------------- quick pictures

// Deflate for the differences of grainy pictures: one set of codes a block, and runs of one byte, which is nearly all that the search for longer
// matches finds there; without it packing takes less than half the time.
enum { SYMBOLS = 286, BLOCK_BYTES = 1 << 17, LEAST_RUN = 4, LONGEST_RUN = 258 };

typedef struct {
    uint8_t *at;
    uint64_t bits;
    unsigned count;
} bit_writer;

static inline void put_bits(bit_writer *w, uint64_t bits, unsigned count) {
    w->bits |= bits << w->count;
    w->count += count;
}

// Afterwards fewer than 8 bits wait; writes up to 8 bytes.
static inline void flush_bits(bit_writer *w) {
    for (int i = 0; i < 8; i++) w->at[i] = (uint8_t)(w->bits >> (8 * i));
    unsigned bytes = w->count >> 3;
    w->at += bytes;
    w->bits = bytes < 8 ? w->bits >> (8 * bytes) : 0;
    w->count &= 7;
}

// Lengths of codes of at most `limit` bits for symbols that occur; a single one gets 1 bit.
static void code_lengths(const uint32_t *counts, int symbols, int limit, uint8_t *lengths) {
    uint64_t order[SYMBOLS];
    int used = 0;
    memset(lengths, 0, (size_t)symbols);
    for (int s = 0; s < symbols; s++)
        if (counts[s]) order[used++] = (uint64_t)counts[s] << 16 | (unsigned)s;
    if (used <= 1) {
        if (used) lengths[order[0] & 0xffff] = 1;
        return;
    }
    // Few enough for a plain sort; by number where they occur equally often, so that equal pictures give equal files.
    for (int gap = 121; gap > 0; gap /= 3)
        for (int i = gap; i < used; i++) {
            uint64_t one = order[i];
            int j = i;
            for (; j >= gap && order[j - gap] > one; j -= gap) order[j] = order[j - gap];
            order[j] = one;
        }
    // Two queues: symbols, and sums of two, both ascending.
    uint64_t weight[SYMBOLS];
    int parent[2 * SYMBOLS], depth[2 * SYMBOLS];
    int leaf = 0, sum = 0, made = 0;
    while (made < used - 1) {
        uint64_t total = 0;
        for (int k = 0; k < 2; k++) {
            int takes_leaf = leaf < used && (sum >= made || order[leaf] >> 16 <= weight[sum]);
            if (takes_leaf) {
                total += order[leaf] >> 16;
                parent[leaf++] = used + made;
            } else {
                total += weight[sum];
                parent[used + sum++] = used + made;
            }
        }
        weight[made++] = total;
    }
    int root = used + made - 1;
    depth[root] = 0;
    for (int node = root - 1; node >= 0; node--) depth[node] = depth[parent[node]] + 1;
    // Longer ones are cut, and what that takes too much is given back by the longest that are shorter.
    int of[64] = {0};
    for (int k = 0; k < used; k++) of[depth[k] < limit ? depth[k] : limit]++;
    uint64_t taken = 0;
    for (int bits = 1; bits <= limit; bits++) taken += (uint64_t)of[bits] << (limit - bits);
    while (taken > (uint64_t)1 << limit) {
        int bits = limit - 1;
        while (of[bits] == 0) bits--;
        of[bits]--;
        of[bits + 1] += 2;
        of[limit]--;
        taken--;
    }
    // The rarest get the longest.
    int k = 0;
    for (int bits = limit; bits >= 1; bits--)
        for (int n = 0; n < of[bits]; n++) lengths[order[k++] & 0xffff] = (uint8_t)bits;
}

// Codes as they are written, lowest bit first.
static void make_codes(const uint8_t *lengths, int symbols, uint16_t *codes) {
    unsigned next[17] = {0}, of[16] = {0};
    for (int s = 0; s < symbols; s++) of[lengths[s]]++;
    of[0] = 0;
    for (int bits = 1; bits <= 15; bits++) next[bits + 1] = (next[bits] + of[bits]) << 1;
    for (int s = 0; s < symbols; s++) {
        unsigned code = lengths[s] ? next[lengths[s]]++ : 0, turned = 0;
        for (int bit = 0; bit < lengths[s]; bit++) turned |= (code >> bit & 1) << (lengths[s] - 1 - bit);
        codes[s] = (uint16_t)turned;
    }
}

static void put_lengths(bit_writer *w, const uint8_t *lengths) {
    static const uint8_t places[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    int literals = SYMBOLS;
    while (literals > 257 && lengths[literals - 1] == 0) literals--;
    // One distance, of 1 bit.
    uint8_t all[SYMBOLS + 1];
    memcpy(all, lengths, (size_t)literals);
    all[literals] = 1;
    int total = literals + 1, count = 0;
    uint8_t symbol[SYMBOLS + 1], extra[SYMBOLS + 1];
    uint32_t counts[19] = {0};
    for (int i = 0; i < total;) {
        int run = 1;
        while (i + run < total && all[i + run] == all[i]) run++;
        int step = run;
        if (all[i] == 0 && run >= 3) {
            step = run > 138 ? 138 : run;
            symbol[count] = step < 11 ? 17 : 18;
            extra[count] = (uint8_t)(step - (step < 11 ? 3 : 11));
        } else if (i > 0 && all[i] == all[i - 1] && run >= 3) {
            step = run > 6 ? 6 : run;
            symbol[count] = 16;
            extra[count] = (uint8_t)(step - 3);
        } else {
            step = 1;
            symbol[count] = all[i];
            extra[count] = 0;
        }
        counts[symbol[count++]]++;
        i += step;
    }
    uint8_t of[19];
    uint16_t codes[19];
    code_lengths(counts, 19, 7, of);
    make_codes(of, 19, codes);
    int last = 19;
    while (last > 4 && of[places[last - 1]] == 0) last--;
    put_bits(w, (uint64_t)(literals - 257) | 0 << 5 | (uint64_t)(last - 4) << 10, 14);
    flush_bits(w);
    for (int i = 0; i < last; i++) {
        put_bits(w, of[places[i]], 3);
        flush_bits(w);
    }
    for (int i = 0; i < count; i++) {
        put_bits(w, codes[symbol[i]], of[symbol[i]]);
        if (symbol[i] >= 16) put_bits(w, extra[i], symbol[i] == 16 ? 2 : symbol[i] == 17 ? 3 : 7);
        flush_bits(w);
    }
}

// Symbol, number of extra bits and their first length for a run.
static inline void run_code(unsigned length, unsigned *symbol, unsigned *bits, unsigned *from) {
    if (length == LONGEST_RUN) {
        *symbol = 285, *bits = 0, *from = LONGEST_RUN;
        return;
    }
    unsigned over = length - 3;
    if (over < 8) {
        *symbol = 257 + over, *bits = 0, *from = length;
        return;
    }
    unsigned top = 31 - (unsigned)__builtin_clz(over);
    *bits = top - 2;
    *symbol = 257 + 4 * *bits + (over >> *bits);
    *from = (over >> *bits << *bits) + 3;
}

static inline uint64_t load64(const uint8_t *from) {
    uint64_t word;
    memcpy(&word, from, 8);
    return word;
}

// Most bytes that `deflate_runs` writes: a block never takes more than 14 bits a byte and its codes, and 8 bytes are written ahead.
static size_t deflate_runs_bound(size_t size) { return size * 2 + (size / BLOCK_BYTES + 1) * 400 + 64; }

// Bytes as they are, then a byte that repeats the last of them.
typedef struct {
    uint32_t plain, run;
} stretch;

enum { MOST_STRETCHES = BLOCK_BYTES / LEAST_RUN + 1 };

static inline void put_run(bit_writer *w, unsigned length, const uint16_t *codes, const uint8_t *lengths) {
    unsigned symbol, bits, from;
    run_code(length, &symbol, &bits, &from);
    put_bits(w, codes[symbol], lengths[symbol]);
    // The distance is 1, a code of one 0.
    put_bits(w, length - from, bits + 1);
    flush_bits(w);
}

// `stretches` has room for `MOST_STRETCHES`, or for a quarter of the bytes and one more.
static size_t deflate_runs(const uint8_t *data, size_t size, stretch *stretches, uint8_t *out) {
    bit_writer w = {out, 0, 0};
    size_t start = 0;
    do {
        const size_t end = size - start < BLOCK_BYTES ? size : start + BLOCK_BYTES;
        // Counted in four tables in turn, because equal neighbours would wait for one another.
        uint32_t counts[4][256] = {{0}}, of[SYMBOLS] = {0};
        size_t count = 0, plain = start, place = start + 1;
        counts[0][data[start]]++;
        while (place + 8 <= end) {
            // A bit for each byte that is as the one before it, and of these each with as many behind it as a run needs.
            const uint64_t now = load64(data + place), low = 0x7f7f7f7f7f7f7f7full, changed = now ^ load64(data + place - 1);
            const uint64_t same = ~(((changed & low) + low) | changed | low), twice = same & same >> 8, begin = twice & twice >> 16;
            const unsigned ahead = begin ? (unsigned)__builtin_ctzll(begin) >> 3 : 9 - LEAST_RUN;
            if (!begin) {
                counts[0][data[place]]++, counts[1][data[place + 1]]++, counts[2][data[place + 2]]++, counts[3][data[place + 3]]++;
                counts[0][data[place + 4]]++;
                place += ahead;
                continue;
            }
            for (unsigned k = 0; k < ahead; k++) counts[k & 3][data[place + k]]++;
            place += ahead;
            const uint8_t value = data[place - 1];
            const size_t most = end - place < LONGEST_RUN ? end - place : LONGEST_RUN;
            size_t length = LEAST_RUN;
            while (length < most && data[place + length] == value) length++;
            stretches[count++] = (stretch){(uint32_t)(place - plain), (uint32_t)length};
            unsigned symbol, bits, from;
            run_code((unsigned)length, &symbol, &bits, &from);
            of[symbol]++;
            place += length;
            plain = place;
        }
        for (; place < end; place++) counts[1][data[place]]++;
        stretches[count++] = (stretch){(uint32_t)(end - plain), 0};
        for (int s = 0; s < 256; s++) of[s] = counts[0][s] + counts[1][s] + counts[2][s] + counts[3][s];
        of[256] = 1;
        uint8_t lengths[SYMBOLS];
        uint16_t codes[SYMBOLS];
        code_lengths(of, SYMBOLS, 14, lengths);
        make_codes(lengths, SYMBOLS, codes);
        put_bits(&w, (end == size ? 1 : 0) | 2 << 1, 3);
        flush_bits(&w);
        put_lengths(&w, lengths);
        uint32_t code[256];
        for (int s = 0; s < 256; s++) code[s] = (uint32_t)codes[s] << 8 | lengths[s];
        const uint8_t *from = data + start;
        for (size_t i = 0; i < count; i++) {
            uint32_t left = stretches[i].plain;
            for (; left >= 4; left -= 4, from += 4) {
                // At most 7 + 4 · 14 bits.
                for (int k = 0; k < 4; k++) put_bits(&w, code[from[k]] >> 8, code[from[k]] & 0xff);
                flush_bits(&w);
            }
            for (; left > 0; left--, from++) put_bits(&w, code[*from] >> 8, code[*from] & 0xff);
            flush_bits(&w);
            if (stretches[i].run) put_run(&w, stretches[i].run, codes, lengths);
            from += stretches[i].run;
        }
        put_bits(&w, codes[256], lengths[256]);
        flush_bits(&w);
        start = end;
    } while (start < size);
    if (w.count) *w.at++ = (uint8_t)w.bits;
    return (size_t)(w.at - out);
}

// Each byte less the neighbour (left, above, or above left) that is nearest to left + above − above left.
static void filter_paeth(const uint8_t *restrict line, const uint8_t *restrict above, size_t channels, size_t row, uint8_t *restrict to) {
    for (size_t x = 0; x < channels && x < row; x++) to[x] = (uint8_t)(line[x] - above[x]);
    for (size_t x = channels; x < row; x++) {
        const uint8_t a = line[x - channels], b = above[x], c = above[x - channels];
        // |b − c|, |a − c| in bytes, and |a + b − 2c|: their sum where both lie on one side of c, otherwise their difference, cut at 255.
        const uint8_t pa = b > c ? b - c : c - b, pb = a > c ? a - c : c - a;
        const uint8_t sum = (uint8_t)(pa + pb) < pa ? 255 : (uint8_t)(pa + pb), difference = pa > pb ? pa - pb : pb - pa;
        const uint8_t pc = (b > c) == (a > c) ? sum : difference;
        const uint8_t other = pb <= pc ? b : c, nearest = ((pa <= pb) & (pa <= pc)) ? a : other;
        to[x] = line[x] - nearest;
    }
}

uint8_t *ship_png_encode8(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int level, size_t *size) {
    // The lowest level needs no search for matches.
    const int is_quick = level <= 1;
    struct libdeflate_compressor *compressor = is_quick ? NULL : compressor_of(level);
    if (!is_quick && !compressor) return NULL;
    size_t row = (size_t)width * channels, raw = (row + 1) * height;
    uint8_t *filtered = malloc(raw + 2 * row);
    if (!filtered) return NULL;
    uint8_t *lines[2] = {filtered + raw, filtered + raw + row};
    memset(lines[1], 0, row);
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *from = pixels + y * row;
        uint8_t *line = lines[y & 1], *above = lines[1 - (y & 1)], *to = filtered + y * (row + 1);
        if (channels == 3) {
            for (size_t x = 0; x < row; x += 3) line[x] = from[x + 2], line[x + 1] = from[x + 1], line[x + 2] = from[x];
        } else {
            memcpy(line, from, row);
        }
        if (is_quick) {
            *to++ = 4;
            filter_paeth(line, above, channels, row, to);
        } else if (y == 0) {
            *to++ = 1;
            for (size_t x = 0; x < row; x++) to[x] = x < channels ? line[x] : (uint8_t)(line[x] - line[x - channels]);
        } else {
            // With matches, differences to the pixel above are nearly as small as the best of all filters.
            *to++ = 2;
            for (size_t x = 0; x < row; x++) to[x] = (uint8_t)(line[x] - above[x]);
        }
    }
    size_t bound = is_quick ? 6 + deflate_runs_bound(raw) : libdeflate_zlib_compress_bound(compressor, raw);
    stretch *stretches = is_quick ? malloc(((raw < BLOCK_BYTES ? raw : BLOCK_BYTES) / LEAST_RUN + 1) * sizeof *stretches) : NULL;
    uint8_t *file = malloc(8 + 25 + 12 + bound + 12);
    if (!file || (is_quick && !stretches)) {
        free(filtered);
        free(stretches);
        free(file);
        return NULL;
    }
    memcpy(file, "\x89PNG\r\n\x1a\n", 8);
    uint8_t *at = file + 8;
    put32(at + 8, width), put32(at + 12, height);
    at[16] = 8, at[17] = channels == 3 ? 2 : 0, at[18] = at[19] = at[20] = 0;
    at = put_chunk(at, "IHDR", 13);
    size_t packed;
    if (is_quick) {
        at[8] = 0x78, at[9] = 0x01;
        packed = 2 + deflate_runs(filtered, raw, stretches, at + 10);
        put32(at + 8 + packed, libdeflate_adler32(1, filtered, raw));
        packed += 4;
    } else {
        packed = libdeflate_zlib_compress(compressor, filtered, raw, at + 8, bound);
    }
    free(filtered);
    free(stretches);
    if (packed == 0 || packed > 0x7fffffff) {
        free(file);
        return NULL;
    }
    at = put_chunk(at, "IDAT", packed);
    at = put_chunk(at, "IEND", 0);
    *size = (size_t)(at - file);
    return file;
}
