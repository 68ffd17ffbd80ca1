import Codecs
import Raster
import Testing

struct RunLengthMaskTests {
    private static func text(_ mask: Mask, _ width: Int, _ height: Int) -> String {
        String(decoding: RunLengthMask.text(RunLengthMask.counts(mask, width: width, height: height)), as: UTF8.self)
    }

    /// `mask.encode` of pycocotools 2.0.
    @Test func `lengths and text equal those of pycocotools`() throws {
        let cases: [(Mask, [Int], String)] = [
            (Mask("....", ".##.", "..#.", "...."), [5, 1, 3, 2, 5], "51312"),
            (Mask("#"), [0, 1], "01"), (Mask("."), [1], "1"), (Mask("##", "##"), [0, 4], "04"),
            (Mask("#.#.#", "....#", "#####"), [0, 1, 1, 1, 2, 2, 1, 1, 2, 4], "011011OO13"),
            (Mask("#...", "....", "...#"), [0, 1, 10, 1], "01:0"),
        ]
        for (mask, counts, text) in cases {
            let (width, height) = (mask.bounds.width, mask.bounds.height)
            #expect(RunLengthMask.counts(mask, width: width, height: height) == counts)
            #expect(Self.text(mask, width, height) == text)
            #expect(try RunLengthMask.counts(text: text.utf8) == counts)
            #expect(try RunLengthMask.mask(counts, width: width, height: height) == mask)
        }
    }

    @Test func `a disc with a hole has the text of pycocotools`() {
        var runs: [Run] = []
        for y in 0..<31 {
            for x in 0..<45 where (x - 20) * (x - 20) + (y - 15) * (y - 15) <= 144 && !((x - 24) * (x - 24) + (y - 15) * (y - 15) <= 9) {
                runs.append(Run(y: y, first: x, last: x))
            }
        }
        let disc = Mask(bounds: Rect(x: 0, y: 0, width: 45, height: 31), joining: runs)
        #expect(disc.area == 412)
        #expect(Self.text(disc, 45, 31) == "W81j08J4M2N2N2N2O0O2O00000O20BJ07NM030M03OO020L050K061F0<82N2N3L6HY;")
    }

    @Test func `noise of any size comes back as it was`() throws {
        for (width, height) in [(1, 1), (1, 9), (9, 1), (17, 13), (64, 64), (200, 3)] {
            var random = Drawn.Random(UInt64(width * 100 + height))
            var runs: [Run] = []
            for y in 0..<height { for x in 0..<width where random.below(3) > 0 { runs.append(Run(y: y, first: x, last: x)) } }
            let mask = Mask(bounds: Rect(x: 0, y: 0, width: width, height: height), joining: runs)
            let counts = RunLengthMask.counts(mask, width: width, height: height)
            #expect(counts.reduce(0, +) == width * height)
            #expect(try RunLengthMask.counts(text: RunLengthMask.text(counts)) == counts)
            #expect(try RunLengthMask.mask(counts, width: width, height: height) == mask)
        }
    }

    @Test func `an object in a huge frame costs no more than itself`() throws {
        let side = 900_000
        let mask = Mask(bounds: Rect(x: 0, y: 0, width: side, height: side), sortedRuns: [Run(y: 5, first: 800_000, last: 800_002), Run(y: 899_999, first: 3, last: 4)])
        let counts = RunLengthMask.counts(mask, width: side, height: side)
        #expect(try RunLengthMask.mask(counts, width: side, height: side) == mask)
    }

    @Test func `lengths that do not fill their size are refused`() {
        #expect(throws: RunLengthError.wrongSum(more: true, expected: 4)) { try RunLengthMask.mask([1, 4], width: 2, height: 2) }
        #expect(throws: RunLengthError.wrongSum(more: true, expected: 4)) { try RunLengthMask.mask([1, .max], width: 2, height: 2) }
        #expect(throws: RunLengthError.wrongSum(more: false, expected: 4)) { try RunLengthMask.mask([1, 2], width: 2, height: 2) }
        #expect(throws: RunLengthError.negative) { try RunLengthMask.mask([1, -1, 4], width: 2, height: 2) }
        #expect(throws: RunLengthError.notRunLengths) { try RunLengthMask.counts(text: "5131\u{7F}".utf8) }
        #expect(throws: RunLengthError.notRunLengths) { try RunLengthMask.counts(text: "51P".utf8) }
        #expect(throws: RunLengthError.notRunLengths) { try RunLengthMask.counts(text: String(repeating: "o", count: 40).utf8) }
    }

    @Test func `stripes that would take gigabytes as rows are refused`() {
        // Every second column of 30,000 × 30,000 pixels: few lengths, 450 million runs by rows.
        let counts = (0..<30_000).map { _ in 30_000 }
        #expect(throws: RunLengthError.tooLarge) { try RunLengthMask.mask(counts, width: 30_000, height: 30_000, most: 1_000_000) }
    }
}
