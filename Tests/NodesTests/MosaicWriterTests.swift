import Codecs
import Foundation
import Nodes
import Operations
import Raster
import Synchronization
import Testing

/// Collects rows, or only counts them.
private final class RowCollector: ImageRowWriter {
    let shape: PictureShape
    let file = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    private(set) var bytes: [UInt8] = []
    private(set) var isFinished = false
    init(_ shape: PictureShape) { self.shape = shape }
    func writeRows(_ rows: UnsafeRawBufferPointer, count: Int) { bytes += rows.prefix(count * shape.rowBytes) }
    func finish() { isFinished = true }
}

@Suite struct MosaicWriterTests {
    private func mosaic(_ scan: DrawnScan, _ settings: StitchSettings = StitchSettings(), fill: Double? = nil) async throws -> (StitchedFrames, RowCollector) {
        let stitched = try await FrameStitcher(scan.input, prior: .grid(scan.cells), settings: settings, work: PlainWork()).layout()
        let writer = MosaicWriter(stitched, settings: settings, fill: fill)
        let rows = RowCollector(writer.shape)
        try await writer.write(to: rows, rows: scan.input.rows, work: PlainWork())
        return (stitched, rows)
    }

    private func settings(_ blend: MosaicWeights.Blend = .seam, light: Bool = true, balance: Bool = true) -> StitchSettings {
        var settings = StitchSettings()
        (settings.blend, settings.evensLight, settings.balances) = (blend, light, balance)
        return settings
    }

    @Test func `without corrections every place has the levels of one of its frames, or between two of them`() async throws {
        let scan = DrawnScan(rows: 2, columns: 3, width: 300, height: 240, seed: 4)
        let (stitched, rows) = try await mosaic(scan, settings(light: false, balance: false), fill: 3)
        let (width, boxes) = (rows.shape.width, stitched.boxes)
        #expect(rows.isFinished && rows.bytes.count == width * rows.shape.height)
        for y in stride(from: 0, to: rows.shape.height, by: 3) {
            for x in stride(from: 0, to: width, by: 3) {
                let levels = boxes.indices.compactMap { index -> UInt8? in
                    guard let box = boxes[index], box.contains(x: x, y: y), case .gray8(let image) = scan.images[index] else { return nil }
                    return image[x - box.x, y - box.y]
                }
                let level = rows.bytes[y * width + x]
                if let low = levels.min(), let high = levels.max() { #expect((low...high).contains(level), "(\(x), \(y))") } else { #expect(level == 3) }
            }
        }
    }

    @Test(arguments: MosaicWeights.Blend.allCases)
    func `seams do not show: beside and across them levels differ as inside frames`(blend: MosaicWeights.Blend) async throws {
        var style = DrawnScan.Style()
        (style.perMegapixel, style.noise, style.exposure) = (60, 1.5, 0.06)
        let scan = DrawnScan(rows: 3, columns: 4, width: 400, height: 300, seed: 14, style: style)
        func steps(_ settings: StitchSettings) async throws -> (border: Double, inside: Double) {
            let (stitched, rows) = try await mosaic(scan, settings)
            let width = rows.shape.width
            // Median difference of means 12 pixels to both sides of a vertical line, over many places: at the right borders of frames, and inside them.
            func step(_ x: Int, _ y: Int) -> Double {
                var (left, right) = ([UInt8](), [UInt8]())
                for row in y..<(y + 12) {
                    left += rows.bytes[(row * width + x - 14)..<(row * width + x - 2)]
                    right += rows.bytes[(row * width + x + 2)..<(row * width + x + 14)]
                }
                return Double(left.sorted()[72]) - Double(right.sorted()[72])
            }
            func size(_ values: [Double]) -> Double { values.map(abs).sorted()[values.count * 8 / 10] }
            var (border, inside): ([Double], [Double]) = ([], [])
            for box in stitched.boxes.compactMap(\.self) where box.maxX < width - 30 {
                for y in stride(from: box.y + 45, to: box.maxY - 45, by: 14) {
                    // Anywhere in the overlap a seam may lie.
                    for x in stride(from: box.maxX - 36, through: box.maxX, by: 6) { border.append(step(x, y)) }
                    inside.append(step(box.x + 200, y))
                }
            }
            return (size(border), size(inside))
        }
        let corrected = try await steps(settings(blend))
        #expect(corrected.border <= corrected.inside + 2, "\(corrected)")
        // Without corrections the same measure shows seams.
        if blend == .seam {
            let raw = try await steps(settings(blend, light: false, balance: false))
            #expect(raw.border > corrected.border + 3, "\(raw)")
        }
    }

    @Test func `colour and sixteen bits go through`() async throws {
        var style = DrawnScan.Style()
        style.isColor = true
        let scan = DrawnScan(rows: 2, columns: 2, width: 260, height: 220, seed: 6, style: style)
        let (stitched, rows) = try await mosaic(scan, settings(light: false, balance: false))
        #expect(rows.shape.channels == 3 && stitched.states.allSatisfy { $0 == .measured })
        let box = try #require(stitched.boxes[0])
        let place = (box.y + 60) * rows.shape.width * 3 + (box.x + 70) * 3
        guard case .color8(let image) = scan.images[0] else { return }
        #expect(Array(rows.bytes[place..<(place + 3)]) == [image[70, 60].blue, image[70, 60].green, image[70, 60].red])

        let wide = scan.images.map { image -> AnyImage in
            guard case .color8(let color) = image else { return image }
            return .gray16(Image(width: color.width, height: color.height, pixels: color.withBuffer { $0.map { UInt16($0.green) * 190 } }))
        }
        let deep = DrawnScan(images: wide, like: scan)
        let (_, sixteen) = try await mosaic(deep, settings(light: false, balance: false))
        #expect(sixteen.shape.bitsPerSample == 16)
        let at = ((box.y + 60) * sixteen.shape.width + box.x + 70) * 2
        #expect(UInt16(sixteen.bytes[at]) | UInt16(sixteen.bytes[at + 1]) << 8 == UInt16(image[70, 60].green) * 190)
    }

    @Test func `memory does not grow with the height: frames are opened when their rows come, and closed after`() async throws {
        // A column of 40 frames, of which no more than three cross any strip.
        let scan = DrawnScan(rows: 40, columns: 1, width: 200, height: 90, seed: 2)
        let stitched = try await StitchedFrames.given(scan.input, positions: scan.truth, settings: settings(), work: PlainWork())
        let counter = OpenCounter()
        let images = scan.images
        let writer = MosaicWriter(stitched, settings: settings())
        let rows = RowCollector(writer.shape)
        try await writer.write(to: rows, rows: { CountingReader(images[$0], counter) }, work: PlainWork())
        #expect(counter.most >= 2 && counter.most <= 3 && counter.now == 0)
        #expect(rows.bytes.count == writer.shape.rowBytes * writer.shape.height)
    }

    @Test func `positions given by hand are kept as they are`() async throws {
        let scan = DrawnScan(rows: 1, columns: 2, width: 120, height: 90, seed: 2)
        let stitched = try await StitchedFrames.given(scan.input, positions: [Displacement(x: 7, y: 3), nil], settings: settings(light: false, balance: false), work: PlainWork())
        #expect(stitched.states == [.given, .none] && stitched.boxes == [Rect(x: 0, y: 0, width: 120, height: 90), nil] && stitched.reasons[1] != nil)
        let writer = MosaicWriter(stitched, settings: settings(light: false, balance: false))
        let rows = RowCollector(writer.shape)
        try await writer.write(to: rows, rows: scan.input.rows, work: PlainWork())
        if case .gray8(let image) = scan.images[0] { image.withBuffer { #expect(rows.bytes == Array($0)) } }
    }
}

private final class OpenCounter: Sendable {
    private let state = Mutex((now: 0, most: 0))
    var now: Int { state.withLock { $0.now } }
    var most: Int { state.withLock { $0.most } }
    func add(_ difference: Int) {
        state.withLock {
            $0.now += difference
            $0.most = max($0.most, $0.now)
        }
    }
}

private final class CountingReader: ImageRowReader {
    private let reader: MemoryRowReader
    private let counter: OpenCounter
    var header: ImageHeader { reader.header }
    init(_ image: AnyImage, _ counter: OpenCounter) {
        (reader, self.counter) = (MemoryRowReader(image, format: .png), counter)
        counter.add(1)
    }
    deinit { counter.add(-1) }
    func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError) { try reader.readRows(into: target, count: count) }
}
