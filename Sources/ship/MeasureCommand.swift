import ArgumentParser
import Codecs
import Foundation
import Operations
import Raster

struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Find the objects of one image and write their measures as a table.",
        discussion: """
            One row an object, in raster order of their first pixels. The image is read in strips, so it may be larger than memory.
            Pixels are taken as stored, not turned by EXIF; transparency is composed on white. 16-bit images are thresholded
            and their gray levels measured in 16 bits. Columns are explained in the reference of measures.

            In `touches`, 1 stands for the left side of the frame, 2 top, 4 right, 8 bottom; sums stand for several sides.
            """)

    @Argument(help: "JPEG, PNG or TIFF.", completion: .file())
    var image: String

    @Option(name: .shortAndLong, help: "CSV file to write; replaced when it exists.", completion: .file(extensions: ["csv"]))
    var output: String

    @Option(help: "otsu, triangle, a gray level, or q and a fraction of the pixels, such as q0.05. (default: otsu)")
    var threshold: ThresholdChoice?

    @Option(help: "Whether objects are dark (up to the threshold) or bright (above it).")
    var polarity = Polarity.dark

    @Option(help: "Whether pixels hang together by edges only (4) or by corners too (8).")
    var connectivity = Connectivity.eight

    @Option(help: "Fewest pixels of an object.")
    var minArea = 1

    @Option(help: "Which objects are kept when some lie in holes of others.")
    var nested = NestedPolicy.all

    @Option(help: "Groups of measures, joined by commas: \(MeasureGroup.allCases.map(\.rawValue).joined(separator: ", ")).")
    var measures = MeasureGroups(groups: [.shape, .gray])

    @Option(help: "Side of a pixel in µm; when left out, what the file states.")
    var pixelSizeUm: Double?

    @Option(help: "Gray image whose levels number the objects, instead of a threshold; 0 is background.", completion: .file())
    var labels: String?

    @Option(help: "Page of a multi-page TIFF, from 0.")
    var page = 0

    func validate() throws {
        guard minArea >= 1 else { throw ValidationError("--min-area must be at least 1") }
        guard page >= 0 else { throw ValidationError("--page counts from 0") }
        if let pixelSizeUm, !(pixelSizeUm > 0 && pixelSizeUm.isFinite) { throw ValidationError("--pixel-size-um must be more than 0") }
        if labels != nil {
            guard threshold == nil else { throw ValidationError("--labels and --threshold both say where the objects are; give one of them") }
            guard nested == .all else { throw ValidationError("--nested \(nested.rawValue) works with a threshold only; labels are taken as they are") }
        }
    }

    func run() async throws {
        try await reportingFailure {
            for input in [image] + (labels.map { [$0] } ?? []) where isSameFile(input, output) {
                throw Sentence("\(output) is the image itself; give another file for the table")
            }
            let reader = try ImageFile.rows(path: image, page: page)
            let summary =
                reader.header.bitsPerSample == 8
                ? try ImageMeasuring<UInt8>(self, reader).run() : try ImageMeasuring<UInt16>(self, reader).run()
            print(summary)
        }
    }

    /// Side of a pixel in µm, by the option or else the file.
    fileprivate var pixelSize: Double? {
        if let pixelSizeUm { return pixelSizeUm }
        guard case .size(let size)? = EXIF.read(path: image, page: page)?.resolution?.pixelSize else { return nil }
        return size.micrometres
    }

    private func isSameFile(_ a: String, _ b: String) -> Bool {
        var (one, other) = (stat(), stat())
        return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino
    }
}

enum ThresholdChoice: ExpressibleByArgument, Equatable {
    case otsu, triangle
    case level(Int)
    case quantile(Double)

    init?(argument: String) {
        switch argument {
        case "otsu": self = .otsu
        case "triangle": self = .triangle
        default:
            if let level = Int(argument), (0...65535).contains(level) {
                self = .level(level)
            } else if argument.hasPrefix("q"), let fraction = Double(argument.dropFirst()), (0...1).contains(fraction) {
                self = .quantile(fraction)
            } else {
                return nil
            }
        }
    }
}

enum Polarity: String, ExpressibleByArgument, CaseIterable { case dark, bright }

extension Connectivity: ExpressibleByArgument {}
extension NestedPolicy: ExpressibleByArgument {}

struct MeasureGroups: ExpressibleByArgument {
    let groups: [MeasureGroup]

    init(groups: [MeasureGroup]) { self.groups = groups }

    init?(argument: String) {
        groups = argument.split(separator: ",", omittingEmptySubsequences: false).compactMap { MeasureGroup(rawValue: String($0)) }
        guard groups.count == argument.count(where: { $0 == "," }) + 1, Set(groups).count == groups.count else { return nil }
    }

    var defaultValueDescription: String { groups.map(\.rawValue).joined(separator: ",") }
}

/// One image from file to table, in strips.
///
/// A threshold that needs the histogram takes two passes: the first decodes and keeps the gray levels, the second
/// labels and measures. A fixed one takes one pass, in which rows are kept only as long as an open object reaches into them.
private final class ImageMeasuring<Sample: GraySample> {
    private let command: MeasureCommand
    private var reader: any ImageRowReader
    private let header: ImageHeader
    private let name: String
    private let stripRows: Int
    private var grays: StripStore<Sample>
    /// Only when colour is measured and the image has some.
    private var colors: StripStore<BGR<UInt8>>?
    private let measurer: ObjectMeasurer
    private let table: ObjectTable
    private let pixelSize: Double?
    private let progress = LateProgress()
    /// The strip of colours decoded last, whose memory the next one takes.
    private var color: Image<BGR<Sample>>?

    init(_ command: MeasureCommand, _ reader: any ImageRowReader) {
        (self.command, self.reader, header) = (command, reader, reader.header)
        name = URL(filePath: command.image).lastPathComponent
        // About half a megapixel, so that decoding, gray conversion, histogram and threshold find a strip in the cache.
        stripRows = max(1, (1 << 19) / max(1, header.width))
        measurer = ObjectMeasurer(command.measures.groups)
        let keepsColor = measurer.needsColor && header.channels == 3
        (grays, colors) = ImageMeasuring.stores(header, stripRows, keepsColor: keepsColor)
        table = ObjectTable(columns: measurer.columns)
        pixelSize = command.pixelSize
    }

    /// - Returns: a sentence about the result.
    func run() throws -> String {
        if let labels = command.labels { return try measure(labels: labels) }
        switch command.threshold ?? .otsu {
        case .level(let level):
            guard let level = Sample(exactly: level) else {
                throw Sentence("\(name) has gray levels from 0 to \(Sample.max), so \(level) cannot be the threshold; give a level in this range")
            }
            return try measure(level: level, decoding: true)
        case .otsu: return try measure { $0.otsuLevel() }
        case .triangle: return try measure { $0.triangleLevel() }
        case .quantile(let fraction): return try measure { $0.quantile(fraction).map { Int($0) } }
        }
    }

    private func measure(_ choose: (Histogram) -> Int?) throws -> String {
        var counts = [Int](repeating: 0, count: Int(Sample.max) + 1)
        let isBright = command.polarity == .bright
        // ZooProcess looks into holes, so it needs all pixels of an object's box.
        let packs = !command.measures.groups.contains(.zooprocess)
        var bounds: ClosedRange<Sample>?
        for y in stride(from: 0, to: header.height, by: stripRows) {
            let strip = try decodeStrip(at: y, decodesFirst: true)
            let histogram = Sample.histogram(strip)
            for level in counts.indices { counts[level] &+= histogram.counts[level] }
            // Where objects are few, most of the strip need not be kept: what is far on the background's side of the level so far.
            // Should the level move that far until the end, all is decoded again.
            if packs, let bound = bound(Histogram(counts: counts), choose),
                let packed = PackedStrip(strip, keeping: Sample.mask(strip, level: bound, isBright: isBright).runs, fill: isBright ? 0 : .max)
            {
                grays.append(packed)
                bounds = min(bound, bounds?.lowerBound ?? bound)...max(bound, bounds?.upperBound ?? bound)
            } else {
                try grays.append(strip, toFile: true)
            }
            progress.show(rows: y, of: 2 * header.height, what: "rows decoded and measured")
        }
        let histogram = Histogram(counts: counts)
        if let range = histogram.range, range.count == 1 {
            try table.write(to: command.output, entries: [])
            return "0 objects: \(name) has one gray level only (\(range.lowerBound)), so no threshold tells objects from background; \(command.output) holds the header"
        }
        guard let level = choose(histogram).map({ Sample($0) }) else { throw Sentence("\(name) has no pixels; choose another image") }
        if let bounds, isBright ? level < bounds.upperBound : level > bounds.lowerBound {
            reader = try ImageFile.rows(path: command.image, page: command.page)
            (grays, colors) = ImageMeasuring.stores(header, stripRows, keepsColor: colors != nil)
            return try measure(level: level, decoding: true)
        }
        return try measure(level: level, decoding: false)
    }

    /// Level half-way from the threshold so far to the median, which is background; nil where that is not on the background's side.
    private func bound(_ histogram: Histogram, _ choose: (Histogram) -> Int?) -> Sample? {
        guard let level = choose(histogram), let median = histogram.quantile(0.5).map({ Int($0) }) else { return nil }
        return (command.polarity == .bright ? median < level : median > level) ? Sample((level + median) / 2) : nil
    }

    /// Decodes all strips into the stores.
    private func decode() throws {
        for y in stride(from: 0, to: header.height, by: stripRows) {
            try grays.append(decodeStrip(at: y, decodesFirst: true), toFile: true)
            progress.show(rows: y, of: 2 * header.height, what: "rows decoded and measured")
        }
    }

    private static func stores(_ header: ImageHeader, _ rows: Int, keepsColor: Bool) -> (StripStore<Sample>, StripStore<BGR<UInt8>>?) {
        (
            StripStore(width: header.width, height: header.height, rows: rows, budget: keepsColor ? 64 << 20 : 96 << 20),
            keepsColor ? StripStore(width: header.width, height: header.height, rows: rows, budget: 96 << 20) : nil
        )
    }

    /// - Parameter decodesFirst: the strips are asked for from the first on after all have been decoded, so those that come late go to the file.
    private func decodeStrip(at y: Int, decodesFirst: Bool) throws -> Image<Sample> {
        let rows = min(stripRows, header.height - y)
        if header.channels == 1 { return try reader.strip(width: header.width, rows: rows) }
        if let colors {
            let color: Image<BGR<Sample>> = try reader.strip(width: header.width, rows: rows)
            try colors.append(Sample.color8(color), toFile: decodesFirst)
            return Sample.gray(color)
        }
        var strip = color.take() ?? Image(width: 0, height: 0, pixels: [])
        if strip.height == rows { try reader.read(into: &strip) } else { strip = try reader.strip(width: header.width, rows: rows) }
        color = strip
        return Sample.gray(strip)
    }

    private func measure(level: Sample, decoding: Bool) throws -> String {
        let isBright = command.polarity == .bright
        let frame = Rect(x: 0, y: 0, width: header.width, height: header.height)
        let rules = RegionRules(connectivity: command.connectivity, minArea: command.minArea, nested: command.nested)
        let stream = RegionStream(frame: frame, rules: rules, emitsRejected: false)
        let limit = isBright ? nil : Sample.level8(level)
        for (index, y) in stride(from: 0, to: header.height, by: stripRows).enumerated() {
            if decoding { try grays.append(decodeStrip(at: y, decodesFirst: false), toFile: false) }
            stream.add(Sample.mask(try grays.strip(index), level: level, isBright: isBright))
            try take(from: stream, limit)
            let first = stream.firstOpenRow
            grays.release(above: first)
            colors?.release(above: first)
            progress.show(rows: decoding ? y : header.height + y, of: decoding ? header.height : 2 * header.height, what: "rows decoded and measured")
        }
        stream.close()
        try take(from: stream, limit)
        // Verdicts and table take the place of the pixels.
        grays.release(above: header.height)
        colors?.release(above: header.height)
        let verdicts = stream.finish()
        progress.end()

        var labels = [Int32](repeating: 0, count: verdicts.count)
        var kept = 0
        for (index, verdict) in verdicts.enumerated() where verdict.reject == nil {
            kept += 1
            labels[index] = Int32(kept)
        }
        let entries = verdicts.lazy.enumerated().filter { $0.element.reject == nil }.map { index, verdict in
            // A parent that is itself no object has no number to point to.
            let parent = verdict.parent.flatMap { labels[$0] > 0 ? Int(labels[$0]) : nil }
            return ObjectTable.Entry(id: verdict.id, label: Int(labels[index]), parent: parent, innerCount: verdict.innerCount)
        }
        try table.write(to: command.output, entries: entries)
        var dropped: [RejectRule: Int] = [:]
        for verdict in verdicts { if let rule = verdict.reject { dropped[rule, default: 0] += 1 } }
        let rest = RejectRule.allCases.compactMap { rule in dropped[rule].map { "\($0) \(rule.rawValue)" } }
        return "\(count(kept)) at gray level \(level) in \(command.output)\(rest.isEmpty ? "" : "; dropped: \(rest.joined(separator: ", "))")"
    }

    private func take(from stream: RegionStream, _ limit: UInt8?) throws {
        for region in stream.takeClosed() {
            if let large = region.large {
                // Its bits and holes take the memory of strips, of which it needs one at a time.
                try grays.shrink(to: 16 << 20)
                try colors?.shrink(to: 16 << 20)
                let values = try measurer.values(large, limit: limit, pixelSize: pixelSize) { box in
                    let pictures = try self.pictures(box)
                    return (Sample.any(pictures.gray), pictures.color)
                }
                try table.add(id: region.id, touches: region.touches, values)
            } else {
                try add(region.mask, id: region.id, touches: region.touches, limit)
            }
        }
    }

    private func add(_ mask: Mask, id: Int, touches: BorderSides, _ limit: UInt8?) throws {
        let box = mask.bounds
        let (gray, color) = try pictures(box)
        try table.add(
            id: id, touches: touches, measurer.values(mask, gray: Sample.any(gray), color: color, window: box, limit: limit, pixelSize: pixelSize))
    }

    private func pictures(_ box: Rect) throws -> (gray: Image<Sample>, color: Image<BGR<UInt8>>?) {
        let gray = try grays.crop(box)
        if let colors { return (gray, try colors.crop(box)) }
        return (gray, measurer.needsColor ? Sample.image8(gray).mapped { BGR(blue: $0, green: $0, red: $0) } : nil)
    }

    /// Objects by a label image, each of which may be in several parts.
    private func measure(labels path: String) throws -> String {
        let labelName = URL(filePath: path).lastPathComponent
        let labelReader = try ImageFile.rows(path: path)
        let size = labelReader.header
        guard size.channels == 1 else { throw Sentence("\(labelName) is in colour; give labels as a gray image of 8 or 16 bits") }
        guard size.width == header.width, size.height == header.height else {
            throw Sentence(
                "\(labelName) is \(size.width) × \(size.height) pixels, but \(name) is \(header.width) × \(header.height); give a label image of the same size")
        }
        try decode()
        var runs = [[Run]](repeating: [], count: 65536)
        var order: [Int] = []
        for y in stride(from: 0, to: header.height, by: stripRows) {
            let rows = min(stripRows, header.height - y)
            if size.bitsPerSample == 8 {
                let strip: Image<UInt8> = try labelReader.strip(width: header.width, rows: rows)
                collect(strip, y, &runs, &order)
            } else {
                let strip: Image<UInt16> = try labelReader.strip(width: header.width, rows: rows)
                collect(strip, y, &runs, &order)
            }
        }
        let frame = Rect(x: 0, y: 0, width: header.width, height: header.height)
        var entries: [ObjectTable.Entry] = []
        for label in order {
            let mask = Mask(tightSortedRuns: runs[label])
            runs[label] = []
            guard mask.area >= command.minArea else { continue }
            try add(mask, id: entries.count, touches: BorderSides(of: mask.bounds, in: frame), nil)
            entries.append(ObjectTable.Entry(id: entries.count, label: label, parent: nil, innerCount: nil))
            progress.show(rows: mask.bounds.y + header.height, of: 2 * header.height, what: "rows decoded and measured")
        }
        progress.end()
        try table.write(to: command.output, entries: entries)
        let small = order.count - entries.count
        return "\(count(entries.count)) of \(labelName) in \(command.output)\(small == 0 ? "" : "; dropped: \(small) tooSmall")"
    }

    private func collect<Label: FixedWidthInteger & BitwiseCopyable & Sendable>(_ strip: Image<Label>, _ top: Int, _ runs: inout [[Run]], _ order: inout [Int]) {
        strip.withBuffer { pixels in
            for row in 0..<strip.height {
                let base = pixels.baseAddress! + row * strip.width
                var x = 0
                while x < strip.width {
                    let label = base[x]
                    let first = x
                    repeat { x &+= 1 } while x < strip.width && base[x] == label
                    if label == 0 { continue }
                    if runs[Int(label)].isEmpty { order.append(Int(label)) }
                    runs[Int(label)].append(Run(y: top + row, first: first, last: x - 1))
                }
            }
        }
    }

    private func count(_ objects: Int) -> String { objects == 1 ? "1 object" : "\(objects) objects" }
}

/// Gray levels of 8 or 16 bits, and what differs between them.
private protocol GraySample: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable {
    static func histogram(_ image: Image<Self>) -> Histogram
    static func mask(_ image: Image<Self>, level: Self, isBright: Bool) -> Mask
    static func gray(_ image: Image<BGR<Self>>) -> Image<Self>
    static func color8(_ image: Image<BGR<Self>>) -> Image<BGR<UInt8>>
    static func image8(_ image: Image<Self>) -> Image<UInt8>
    static func any(_ image: Image<Self>) -> AnyImage
    /// Level of an 8-bit copy of the image.
    static func level8(_ level: Self) -> UInt8
}

extension UInt8: GraySample {
    fileprivate static func histogram(_ image: Image<UInt8>) -> Histogram { image.histogram() }
    fileprivate static func mask(_ image: Image<UInt8>, level: UInt8, isBright: Bool) -> Mask {
        isBright ? image.mask(brighterThan: level) : image.mask(darkerThanOrEqual: level)
    }
    fileprivate static func gray(_ image: Image<BGR<UInt8>>) -> Image<UInt8> { image.gray() }
    fileprivate static func color8(_ image: Image<BGR<UInt8>>) -> Image<BGR<UInt8>> { image }
    fileprivate static func image8(_ image: Image<UInt8>) -> Image<UInt8> { image }
    fileprivate static func any(_ image: Image<UInt8>) -> AnyImage { .gray8(image) }
    fileprivate static func level8(_ level: UInt8) -> UInt8 { level }
}

extension UInt16: GraySample {
    fileprivate static func histogram(_ image: Image<UInt16>) -> Histogram { image.histogram() }
    fileprivate static func mask(_ image: Image<UInt16>, level: UInt16, isBright: Bool) -> Mask {
        isBright ? image.mask(brighterThan: level) : image.mask(darkerThanOrEqual: level)
    }
    fileprivate static func gray(_ image: Image<BGR<UInt16>>) -> Image<UInt16> { image.gray() }
    fileprivate static func color8(_ image: Image<BGR<UInt16>>) -> Image<BGR<UInt8>> {
        image.mapped { BGR(blue: level8($0.blue), green: level8($0.green), red: level8($0.red)) }
    }
    fileprivate static func image8(_ image: Image<UInt16>) -> Image<UInt8> { image.mapped(level8) }
    fileprivate static func any(_ image: Image<UInt16>) -> AnyImage { .gray16(image) }
    /// Rounded level / 257.
    fileprivate static func level8(_ level: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: (UInt32(level) &+ 128) / 257) }
}

extension ImageRowReader {
    /// Replaces all pixels by those of the next rows.
    fileprivate func read<Pixel>(into image: inout Image<Pixel>) throws(CodecError) {
        let rows = image.height
        var failure: CodecError?
        image.withMutableBuffer { pixels in
            do throws(CodecError) { try readRows(into: UnsafeMutableRawBufferPointer(pixels), count: rows) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The next rows as an image.
    fileprivate func strip<Pixel>(width: Int, rows: Int) throws(CodecError) -> Image<Pixel> {
        // `rethrows` cannot carry the error's type through the initializer.
        var failure: CodecError?
        let image = Image<Pixel>(width: width, height: rows) { pixels in
            do throws(CodecError) { try readRows(into: UnsafeMutableRawBufferPointer(pixels), count: rows) } catch { failure = error }
        }
        if let failure { throw failure }
        return image
    }
}

/// Progress that shows only when there is time to read it.
private final class LateProgress {
    private let start = ContinuousClock.now
    private var line: ProgressLine?
    private var rows = 1

    func show(rows done: Int, of total: Int, what: String) {
        guard ContinuousClock.now - start > .seconds(2) else { return }
        let line = self.line ?? ProgressLine()
        (self.line, rows) = (line, total)
        line.show(done: done, total: total, message: what, secondsLeft: nil)
    }

    /// Ends the line that was begun.
    func end() { line?.show(done: rows, total: rows, message: "rows decoded and measured", secondsLeft: nil) }
}
