import Raster

/// A COCO file of instances: which images it knows, and their objects, decoded image by image.
///
/// Segmentations by polygons, by run lengths, and by compressed run lengths; an object with nothing but a `bbox` is that box.
package struct COCOFile: Sendable {
    package struct Picture: Sendable, Equatable {
        package var name: String
        package var width: Int
        package var height: Int
    }

    private struct Annotation: Sendable {
        var image = 0.0
        var category: Double?
        var id: String?
        var score: Double?
        /// Where its segmentation and its box begin; 0: it has none.
        var segmentation = 0
        var box = 0
    }

    package let file: String
    private let bytes: [UInt8]
    private var pictures: [Double: Picture] = [:]
    private var categories: [Double: (name: String, supercategory: String?)] = [:]
    private var annotations: [Double: [Annotation]] = [:]
    private var byName: [String: [Double]] = [:]

    /// Reads all but the segmentations.
    /// - Throws: where it is no JSON, or no COCO file of instances.
    package init(bytes: [UInt8], file: String) throws(AnnotationFileError) {
        (self.file, self.bytes) = (file, bytes)
        var scanner = JSONScanner(bytes, file: file)
        guard try scanner.peek() == .object else {
            throw AnnotationFileError(file, "it is a list without images, as COCO results are; give a file with \"images\", \"annotations\" and \"categories\"")
        }
        var sections: Set<String> = []
        // The compiler cannot pass typed errors through closures that change several members of self.
        var (pictures, categories, annotations) = (self.pictures, self.categories, self.annotations)
        try scanner.members { scanner, name throws(AnnotationFileError) in
            sections.insert(name)
            switch name {
            case "images": try Self.readImages(&scanner, into: &pictures)
            case "categories": try Self.readCategories(&scanner, into: &categories)
            case "annotations": try Self.readAnnotations(&scanner, into: &annotations)
            default: try scanner.skip()
            }
        }
        try scanner.finish()
        for section in ["images", "annotations"] where !sections.contains(section) {
            throw AnnotationFileError(file, "it has no \"\(section)\", so it is no COCO file of instances")
        }
        (self.pictures, self.categories, self.annotations) = (pictures, categories, annotations)
        for (id, picture) in pictures.sorted(by: { $0.key < $1.key }) {
            for name in Set([picture.name, Self.last(picture.name), Self.stem(Self.last(picture.name))]) { byName[name, default: []].append(id) }
        }
    }

    /// Whether JSON text looks like this format, by its first members.
    package static func isLikely(_ bytes: [UInt8]) -> Bool {
        var scanner = JSONScanner(bytes, file: "")
        guard (try? scanner.peek()) == .object else { return false }
        var names: Set<String> = []
        do throws(AnnotationFileError) { try scanner.members { scanner, name throws(AnnotationFileError) in names.insert(name); try scanner.skip() } } catch { return false }
        return names.contains("images") && names.contains("annotations")
    }

    /// Names of the images it speaks of, sorted.
    package var names: [String] { pictures.values.map(\.name).sorted() }

    /// Objects of all images.
    package var count: Int { annotations.values.reduce(0) { $0 + $1.count } }

    /// The picture of this name: by the whole name, else by its last part, else by that without its ending.
    /// - Throws: when several fit equally well.
    package func picture(named name: String) throws(AnnotationFileError) -> Picture? {
        try id(of: name).flatMap { pictures[$0] }
    }

    private func id(of name: String) throws(AnnotationFileError) -> Double? {
        let last = Self.last(name)
        for candidate in [name, last, Self.stem(last)] {
            guard let found = byName[candidate] else { continue }
            let exact = found.filter { pictures[$0]?.name == candidate }
            if exact.count == 1 { return exact[0] }
            guard found.count == 1 else { throw AnnotationFileError(file, "\(found.count) of its images fit \(name); give them different names") }
            return found[0]
        }
        return nil
    }

    /// Objects of one image in the order of the file.
    /// - Parameters: `width` and `height` of the real image, which the file must agree with.
    /// - Returns: nil when the file does not know the image.
    package func objects(ofImage name: String, width: Int, height: Int) throws(AnnotationFileError) -> [OutlinedObject]? {
        guard let id = try id(of: name), let picture = pictures[id] else { return nil }
        guard picture.width == 0 || (picture.width == width && picture.height == height) else {
            throw AnnotationFileError(file, "its outlines are for \(picture.width) × \(picture.height) pixels, but \(name) has \(width) × \(height)")
        }
        var objects: [OutlinedObject] = []
        for (index, annotation) in (annotations[id] ?? []).enumerated() {
            let what = "object \(annotation.id ?? "\(index + 1)") of \(name)"
            guard let mask = try mask(of: annotation, what: what, width: width, height: height) else { continue }
            let category = annotation.category.flatMap { categories[$0] }
            objects.append(
                OutlinedObject(
                    shape: .mask(mask), id: annotation.id, category: category?.name ?? annotation.category.map { "category \(JSONScanner.shown($0))" },
                    supercategory: category?.supercategory, score: annotation.score))
        }
        return objects
    }

    private func mask(of annotation: Annotation, what: String, width: Int, height: Int) throws(AnnotationFileError) -> Mask? {
        func wrong(_ error: some Error) -> AnnotationFileError { AnnotationFileError(file, "\(what): \(error)") }
        if annotation.segmentation > 0 {
            var scanner = JSONScanner(bytes, file: file, offset: annotation.segmentation)
            switch try scanner.peek() {
            case .array:
                var masks: [Mask] = []
                try scanner.elements { scanner throws(AnnotationFileError) in
                    var coordinates: [Double] = []
                    try scanner.elements { scanner throws(AnnotationFileError) in coordinates.append(try scanner.number()) }
                    guard coordinates.count >= 6, coordinates.count % 2 == 0 else {
                        throw AnnotationFileError(file, "\(what): a polygon has \(coordinates.count) numbers, but needs pairs for at least three corners")
                    }
                    do throws(RunLengthPolygonError) { masks.append(try COCOPolygon.mask(coordinates, width: width, height: height)) } catch { throw wrong(error) }
                }
                // Several polygons are parts of one object, and holes are nothing that they could say.
                if masks.count > 1 { return Mask(bounds: masks[0].bounds, joining: masks.flatMap(\.runs)) }
                if let mask = masks.first { return mask }
            case .object:
                var (counts, size): ([Int]?, [Double]) = (nil, [])
                try scanner.members { scanner, name throws(AnnotationFileError) in
                    switch name {
                    case "counts":
                        if try scanner.peek() == .string {
                            let text = try scanner.string()
                            do throws(RunLengthError) { counts = try RunLengthMask.counts(text: text.utf8) } catch { throw wrong(error) }
                        } else {
                            var list: [Int] = []
                            try scanner.elements { scanner throws(AnnotationFileError) in
                                guard let count = Int(exactly: try scanner.number()) else { throw AnnotationFileError(file, "\(what): a run length is no whole number") }
                                list.append(count)
                            }
                            counts = list
                        }
                    case "size": try scanner.elements { scanner throws(AnnotationFileError) in size.append(try scanner.number()) }
                    default: try scanner.skip()
                    }
                }
                guard let counts else { throw AnnotationFileError(file, "\(what): its segmentation has no \"counts\"") }
                guard size.isEmpty || size == [Double(height), Double(width)] else {
                    throw AnnotationFileError(
                        file,
                        "\(what): its run lengths are for \(size.map(JSONScanner.shown).reversed().joined(separator: " × ")) pixels, but the image has \(width) × \(height)")
                }
                do throws(RunLengthError) { return try RunLengthMask.mask(counts, width: width, height: height) } catch { throw wrong(error) }
            default: break
            }
        }
        guard annotation.box > 0 else { return nil }
        var scanner = JSONScanner(bytes, file: file, offset: annotation.box)
        var box: [Double] = []
        try scanner.elements { scanner throws(AnnotationFileError) in box.append(try scanner.number()) }
        guard box.count == 4, box.allSatisfy({ abs($0) < 1e9 }), box[2] > 0, box[3] > 0 else {
            throw AnnotationFileError(file, "\(what): its box must be x, y, width and height")
        }
        let (left, top) = (Int(box[0].rounded()), Int(box[1].rounded()))
        let rect = Rect(minX: left, minY: top, maxX: max(left, Int((box[0] + box[2]).rounded())), maxY: max(top, Int((box[1] + box[3]).rounded())))
            .intersection(Rect(x: 0, y: 0, width: width, height: height))
        return Mask(
            bounds: Rect(x: 0, y: 0, width: width, height: height),
            sortedRuns: rect.isEmpty ? [] : (rect.y..<rect.maxY).map { Run(y: $0, first: rect.x, last: rect.maxX - 1) })
    }

    // MARK: Sections

    private static func readImages(_ scanner: inout JSONScanner, into pictures: inout [Double: Picture]) throws(AnnotationFileError) {
        try scanner.elements { scanner throws(AnnotationFileError) in
            var id: Double?
            var picture = Picture(name: "", width: 0, height: 0)
            try scanner.members { scanner, name throws(AnnotationFileError) in
                switch name {
                case "id": id = try scanner.number()
                case "file_name": picture.name = try scanner.string()
                case "width": picture.width = Int(exactly: try scanner.number()) ?? 0
                case "height": picture.height = Int(exactly: try scanner.number()) ?? 0
                default: try scanner.skip()
                }
            }
            guard let id, !picture.name.isEmpty else { throw scanner.error("an image has no \"id\" or no \"file_name\"") }
            guard pictures.updateValue(picture, forKey: id) == nil else { throw scanner.error("two images have the id \(JSONScanner.shown(id))") }
        }
    }

    private static func readCategories(_ scanner: inout JSONScanner, into categories: inout [Double: (name: String, supercategory: String?)]) throws(AnnotationFileError) {
        try scanner.elements { scanner throws(AnnotationFileError) in
            var (id, name, supercategory): (Double?, String?, String?) = (nil, nil, nil)
            try scanner.members { scanner, member throws(AnnotationFileError) in
                switch member {
                case "id": id = try scanner.number()
                case "name": name = try scanner.plainText()
                case "supercategory": supercategory = try scanner.plainText()
                default: try scanner.skip()
                }
            }
            guard let id, let name, !name.isEmpty else { throw scanner.error("a category has no \"id\" or no \"name\"") }
            categories[id] = (name, supercategory.flatMap { $0.isEmpty || $0 == name ? nil : $0 })
        }
    }

    private static func readAnnotations(_ scanner: inout JSONScanner, into annotations: inout [Double: [Annotation]]) throws(AnnotationFileError) {
        try scanner.elements { scanner throws(AnnotationFileError) in
            var annotation = Annotation()
            var hasImage = false
            try scanner.members { scanner, name throws(AnnotationFileError) in
                switch name {
                case "image_id":
                    annotation.image = try scanner.number()
                    hasImage = true
                case "category_id" where try scanner.peek() == .number: annotation.category = try scanner.number()
                case "id": annotation.id = try scanner.plainText()
                case "score" where try scanner.peek() == .number: annotation.score = try scanner.number()
                case "segmentation":
                    _ = try scanner.peek()
                    annotation.segmentation = scanner.offset
                    try scanner.skip()
                case "bbox":
                    _ = try scanner.peek()
                    annotation.box = scanner.offset
                    try scanner.skip()
                default: try scanner.skip()
                }
            }
            guard hasImage else { throw scanner.error("an annotation has no \"image_id\"") }
            annotations[annotation.image, default: []].append(annotation)
        }
    }

    private static func last(_ name: String) -> String { name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? name }
    private static func stem(_ name: String) -> String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name }
}

extension JSONScanner {
    static func shown(_ id: Double) -> String { Int64(exactly: id).map(String.init) ?? "\(id)" }
}
