import Codecs
import Operations
import Pipeline
import Raster
import Synchronization

/// How files of outlines and masks become objects of an image.
package struct OutlineReader: Sendable {
    /// What the values of a picture mean.
    package enum Values: String, CaseIterable, Sendable {
        /// A mask where there is one value, else labels.
        case automatic = "auto"
        /// Each value is one object.
        case objects
        /// Everything that is not 0 is foreground; its connected parts are objects.
        case mask
        /// Each value is a category; its connected parts are objects.
        case classes
    }

    package var names = OutlineNames()
    package var values = Values.automatic
    package var origin = GeoJSONOutlines.Origin.automatic

    package init() {}

    /// Objects of one image, and what was left out.
    package struct Result: Sendable {
        /// In raster order of their first pixels; bounds are tight.
        package var segments: [Segment] = []
        /// Sentences.
        package var notes: [String] = []
        /// Files that were read.
        package var files: [Companion] = []
    }

    /// The files that hold an image's outlines: those whose name is the first choice, else COCO files that know the image.
    package func files(for image: String, among companions: [Companion]) -> [Companion] {
        let byName = Dictionary(companions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for candidate in names.candidates(for: image) {
            let series = OutlineNames.series(candidate) { byName[$0] != nil }
            if !series.isEmpty { return series.compactMap { byName[$0] } }
        }
        return companions.filter { $0.kind == .coco }
    }

    /// - Throws: `AnnotationFileError` and `CodecError` with a sentence that names the file.
    package func read(_ files: [Companion], image: String, frame: Rect, isCancelled: () -> Bool = { false }) throws -> Result {
        var result = Result()
        for file in files {
            if isCancelled() { throw RunCancelled() }
            switch file.kind {
            case .picture: try readPicture(file, image, frame, &result, isCancelled)
            case .geojson:
                let content = try GeoJSONOutlines.read(try file.bytes(), file: file.name, origin: origin)
                if content.leftOut > 0 { result.notes.append("\(file.name): \(content.leftOut) features are no areas and were left out") }
                try add(content.objects, of: file, frame, &result, isCancelled)
            case .coco:
                guard let objects = try Self.coco(file).objects(ofImage: image, width: frame.width, height: frame.height) else { continue }
                try add(objects, of: file, frame, &result, isCancelled)
            }
            result.files.append(file)
        }
        result.segments.sort { first, second in
            guard let a = first.mask.runs.first, let b = second.mask.runs.first else { return false }
            return (a, first.mask.area) < (b, second.mask.area)
        }
        return result
    }

    private func readPicture(_ file: Companion, _ image: String, _ frame: Rect, _ result: inout Result, _ isCancelled: () -> Bool) throws {
        let bytes = try file.bytes()
        var page = 0
        repeat {
            if isCancelled() { throw RunCancelled() }
            let picture = try LabelFile.read(bytes: bytes, name: file.name, page: page)
            guard picture.width == frame.width, picture.height == frame.height else {
                let turned = picture.width == frame.height && picture.height == frame.width ? "; it looks turned, so turn it as the image" : "; save it in the image's size"
                throw AnnotationFileError(file.name, "it has \(picture.width) × \(picture.height) pixels, but \(image) has \(frame.width) × \(frame.height)\(turned)")
            }
            switch values {
            case .automatic where picture.labels.count <= 1 && picture.pages == 1, .mask:
                let mask = picture.labels.count == 1 ? picture.labels[0].mask : Mask.union(of: picture.labels.map(\.mask))
                for part in mask.components(connectivity: .eight) { add(part, nil, frame, &result) }
            case .automatic, .objects:
                for label in picture.labels { add(label.mask, nil, frame, &result) }
            case .classes:
                for label in picture.labels {
                    for part in label.mask.components(connectivity: .eight) { add(part, Segment.Category(name: "class \(label.value)"), frame, &result) }
                }
            }
            page += 1
            if page >= picture.pages { break }
        } while true
    }

    private func add(_ objects: [OutlinedObject], of file: Companion, _ frame: Rect, _ result: inout Result, _ isCancelled: () -> Bool) throws {
        var empty = 0
        for (index, object) in objects.enumerated() {
            if isCancelled() { throw RunCancelled() }
            let mask: Mask
            switch object.shape {
            case .mask(let given): mask = given
            case .polygons(let polygons):
                var parts: [Mask] = []
                for rings in polygons {
                    let box = try Self.box(of: rings, frame, "\(file.name): object \(object.id ?? "\(index + 1)")")
                    parts.append(Mask.polygon(rings, bounds: box))
                }
                mask = parts.count == 1 ? parts[0] : Mask.union(of: parts)
            }
            if mask.isEmpty {
                empty += 1
                continue
            }
            let score = object.score.flatMap { (0...1).contains($0) ? $0 : nil }
            add(mask, object.category.map { Segment.Category(name: $0, parent: object.supercategory, score: score) }, frame, &result)
        }
        if empty > 0 { result.notes.append("\(file.name): \(empty) objects cover no pixel of the image and were left out") }
    }

    private func add(_ mask: Mask, _ category: Segment.Category?, _ frame: Rect, _ result: inout Result) {
        let tight = mask.tight
        var segment = Segment(mask: tight, touches: BorderSides(of: tight.bounds, in: frame))
        segment.category = category
        result.segments.append(segment)
    }

    /// Most rows that a polygon's edges may cross; more are no outline of anything.
    private static let mostCrossings = 50_000_000.0

    /// The part of the frame that rings may fill.
    private static func box(of rings: [[Point]], _ frame: Rect, _ what: String) throws -> Rect {
        var (left, top, right, bottom) = (Double.infinity, Double.infinity, -Double.infinity, -Double.infinity)
        var crossings = 0.0
        let (first, last) = (Double(frame.y), Double(frame.maxY))
        for ring in rings {
            for (index, a) in ring.enumerated() {
                let b = ring[index + 1 == ring.count ? 0 : index + 1]
                crossings += abs(min(last, max(first, a.y)) - min(last, max(first, b.y)))
                (left, right, top, bottom) = (min(left, a.x), max(right, a.x), min(top, a.y), max(bottom, a.y))
            }
        }
        guard crossings <= mostCrossings else { throw AnnotationFileError(what, "its outline is longer than that of any object") }
        guard left <= right else { return Rect(x: frame.x, y: frame.y, width: 0, height: 0) }
        // Coordinates of a file are at most 10,000,000.
        let box = Rect(minX: Int(left.rounded(.down)), minY: Int(top.rounded(.down)), maxX: Int(right.rounded(.up)) + 1, maxY: Int(bottom.rounded(.up)) + 1)
        return box.intersection(frame)
    }

    /// The last COCO file, since one speaks of many images.
    private static let lastCOCO = Mutex<(sha256: String, file: COCOFile)?>(nil)

    package static func coco(_ companion: Companion) throws -> COCOFile {
        try lastCOCO.withLock { last -> Loaded in
            if let last, last.sha256 == companion.sha256 { return .success(last.file) }
            do {
                let file = try COCOFile(bytes: try companion.bytes(), file: companion.name)
                last = (companion.sha256, file)
                return .success(file)
            } catch { return .failure(error) }
        }.get()
    }

    private typealias Loaded = Swift.Result<COCOFile, any Error>
}
