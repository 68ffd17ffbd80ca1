import Codecs
import Foundation
import Operations
import Raster

/// One image from file to table, in strips.
///
/// A threshold that needs the histogram takes two passes: the first decodes and keeps the gray levels, the second
/// labels and measures. A fixed one takes one pass, in which rows are kept only as long as an open object reaches into them.
final class ImageMeasuring<Sample: GraySample> {
    private let command: MeasureCommand
    private var reader: any ImageRowReader
    private let header: ImageHeader
    private let name: String
    private let stripRows: Int
    private var grays: StripStore<Sample>
    /// Only when colour is measured and the image has some.
    private var colors: StripStore<BGR<Sample>>?
    private let measurer: ObjectMeasurer
    private let table: ObjectTable
    private let pixelSize: Double?
    private let progress = LateProgress()
    /// The strip of colours decoded last, whose memory the next one takes.
    private var color: Image<BGR<Sample>>?

    init(_ command: MeasureCommand, _ reader: any ImageRowReader, _ part: PartFile) {
        (self.command, self.reader, header) = (command, reader, reader.header)
        name = URL(filePath: command.image).lastPathComponent
        // About half a megapixel, so that decoding, gray conversion, histogram and threshold find a strip in the cache.
        stripRows = max(1, (1 << 19) / max(1, header.width))
        measurer = ObjectMeasurer(command.measures.groups, brightObjects: command.polarity == .bright, legacyIntegers: command.legacyIntegers)
        let keepsColor = measurer.needsColor && header.channels == 3
        (grays, colors) = ImageMeasuring.stores(header, stripRows, keepsColor: keepsColor)
        table = ObjectTable(columns: measurer.columns, part: part)
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
            if packs, grays.hasRoomForPacked, let bound = bound(Histogram(counts: counts), choose),
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
            try table.write([])
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

    private static func stores(_ header: ImageHeader, _ rows: Int, keepsColor: Bool) -> (StripStore<Sample>, StripStore<BGR<Sample>>?) {
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
            try colors.append(color, toFile: decodesFirst)
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
        let rules = RegionRules(connectivity: command.connectivity ?? .eight, minArea: command.minArea, nested: command.nested)
        let stream = RegionStream(frame: frame, rules: rules, emitsRejected: false)
        // The darkest level of bright objects is the brightest of the inverted picture.
        let limit = !isBright ? Sample.level8(level) : level < .max ? 255 - Sample.level8(level + 1) : nil
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
        try table.write(entries)
        var dropped: [RejectRule: Int] = [:]
        for verdict in verdicts { if let rule = verdict.reject { dropped[rule, default: 0] += 1 } }
        let rest = RejectRule.allCases.compactMap { rule in dropped[rule].map { "\($0) \(rule.words)" } }
        return "\(count(kept)) at gray level \(level) in \(command.output)\(rest.isEmpty ? "" : "; dropped: \(rest.joined(separator: ", "))")"
    }

    private func take(from stream: RegionStream, _ limit: UInt8?) throws {
        for region in stream.takeClosed() {
            if let large = region.large {
                // Its bits and holes take the memory of strips, of which it needs one at a time.
                try grays.shrink(to: 16 << 20)
                try colors?.shrink(to: 16 << 20)
                let values = try measurer.values(large, limit: limit, pixelSize: pixelSize) { box in
                    try self.pictures(box)
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
        try table.add(id: id, touches: touches, measurer.values(mask, gray: gray, color: color, window: box, limit: limit, pixelSize: pixelSize))
    }

    private func pictures(_ box: Rect) throws -> (gray: AnyImage, color: AnyImage?) {
        (Sample.any(try grays.crop(box)), try colors.map { Sample.any(try $0.crop(box)) })
    }

    /// Objects by a label image, each of which may be in several parts.
    private func measure(labels path: String) throws -> String {
        let labelName = URL(filePath: path).lastPathComponent
        let labelReader = try ImageFile.rows(path: path)
        let size = labelReader.header
        guard size.format != .jpeg else { throw Sentence("\(labelName) is a JPEG, which changes levels; give labels as PNG or TIFF") }
        guard size.pages == 1 else { throw Sentence("\(labelName) has \(size.pages) pages; give labels as a file of one page") }
        guard size.channels == 1 else { throw Sentence("\(labelName) is in colour; give labels as a gray image of 8 or 16 bits") }
        if let note = size.notes.first { throw Sentence("\(labelName) holds no labels as they are (\(note)); give labels as gray PNG or TIFF of 8 or 16 bits without transparency") }
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
        try table.write(entries)
        let small = order.count - entries.count
        return "\(count(entries.count)) of \(labelName) in \(command.output)\(small == 0 ? "" : "; dropped: \(small) \(RejectRule.tooSmall.words)")"
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

extension RejectRule {
    /// What it says of an object.
    fileprivate var words: String {
        switch self {
        case .tooSmall: "too small"
        case .tooLarge: "too large"
        case .touchesBorder: "at the edge of the image"
        case .nestedInside: "inside others"
        case .notInner: "not inside others"
        }
    }
}
