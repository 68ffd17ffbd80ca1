import Raster

/// Writes a COCO file of instances piece by piece; equal objects in equal order give equal bytes.
///
/// Images and categories go first, then objects one by one, so memory does not grow with their number.
package final class COCOWriter {
    package struct Picture: Sendable {
        package var name: String
        package var width: Int
        package var height: Int

        package init(name: String, width: Int, height: Int) { (self.name, self.width, self.height) = (name, width, height) }
    }

    package struct Category: Sendable {
        package var id: Int
        package var name: String
        package var supercategory: String?

        package init(id: Int, name: String, supercategory: String? = nil) { (self.id, self.name, self.supercategory) = (id, name, supercategory) }
    }

    package enum Outline: String, Sendable, CaseIterable {
        /// Compressed run lengths: exact, holes included.
        case rle
        /// Polygons where they give exactly the object's pixels, else run lengths.
        case polygon
    }

    private let write: ([UInt8]) throws -> Void
    private let pictures: [Picture]
    private var buffer: [UInt8] = []
    private var count = 0

    /// - Parameters:
    ///   - description: of the file, under `info`.
    ///   - pictures: get the ids 1, 2, 3, …
    ///   - write: takes the next bytes of the file.
    package init(description: String, version: String, pictures: [Picture], categories: [Category], write: @escaping ([UInt8]) throws -> Void) throws {
        (self.write, self.pictures) = (write, pictures)
        put("{\"info\":{\"description\":")
        JSONText.append(description, to: &buffer)
        put(",\"version\":")
        JSONText.append(version, to: &buffer)
        put("},\n\"images\":[")
        for (index, picture) in pictures.enumerated() {
            put(index == 0 ? "\n{\"id\":\(index + 1),\"file_name\":" : ",\n{\"id\":\(index + 1),\"file_name\":")
            JSONText.append(picture.name, to: &buffer)
            put(",\"width\":\(picture.width),\"height\":\(picture.height)}")
            try flush()
        }
        put("],\n\"categories\":[")
        for (index, category) in categories.enumerated() {
            put(index == 0 ? "\n{\"id\":\(category.id),\"name\":" : ",\n{\"id\":\(category.id),\"name\":")
            JSONText.append(category.name, to: &buffer)
            put(",\"supercategory\":")
            JSONText.append(category.supercategory ?? "", to: &buffer)
            put("}")
        }
        put("],\n\"annotations\":[")
    }

    /// Adds an object.
    ///
    /// - Parameters:
    ///   - picture: index among the pictures.
    ///   - rings: all rings of its outline along pixel edges, pixel centres at whole numbers; asked for polygons only.
    ///   - attributes: written under `attributes`, in this order; nothing where a value is nil.
    package func add(
        _ mask: Mask, picture: Int, category: Int, outline: Outline = .rle, rings: () -> [[Point]] = { [] }, score: Double? = nil,
        attributes: [(name: String, value: Value?)] = []
    ) throws {
        count += 1
        let box = mask.boundingBox
        put("\(count == 1 ? "\n" : ",\n"){\"id\":\(count),\"image_id\":\(picture + 1),\"category_id\":\(category),\"iscrowd\":0,\"area\":\(mask.area)")
        put(",\"bbox\":[\(box.x),\(box.y),\(box.width),\(box.height)],\"segmentation\":")
        let polygons = outline == .polygon ? exact(rings(), mask, pictures[picture]) : nil
        if let polygons {
            put("[")
            for (index, polygon) in polygons.enumerated() {
                if index > 0 { put(",") }
                put("[" + polygon.map { "\(Int($0))" }.joined(separator: ",") + "]")
            }
            put("]")
        } else {
            let (width, height) = (pictures[picture].width, pictures[picture].height)
            put("{\"size\":[\(height),\(width)],\"counts\":")
            JSONText.append(String(decoding: RunLengthMask.text(RunLengthMask.counts(mask, width: width, height: height)), as: UTF8.self), to: &buffer)
            put("}")
        }
        if let score {
            put(",\"score\":")
            JSONText.append(score, to: &buffer)
        }
        let said = attributes.filter { $0.value != nil }
        if !said.isEmpty {
            put(",\"attributes\":{")
            for (index, attribute) in said.enumerated() {
                if index > 0 { put(",") }
                JSONText.append(attribute.name, to: &buffer)
                put(":")
                attribute.value?.append(to: &buffer)
            }
            put("}")
        }
        put("}")
        try flush()
    }

    /// A value under `attributes`.
    package enum Value: Sendable {
        case text(String), number(Double)

        package func append(to bytes: inout [UInt8]) {
            switch self {
            case .text(let text): JSONText.append(text, to: &bytes)
            case .number(let number): JSONText.append(number, to: &bytes)
            }
        }
    }

    package func finish() throws {
        put("]}\n")
        try flush(all: true)
    }

    /// COCO counts from the corner of the first pixel. A hole, or parts that meet at corners, may come back otherwise: then nil.
    private func exact(_ rings: [[Point]], _ mask: Mask, _ picture: Picture) -> [[Double]]? {
        var runs: [Run] = []
        var polygons: [[Double]] = []
        // Filled near the object only: the rest of a large image costs nothing.
        let box = mask.boundingBox
        let (width, height) = (min(picture.width, box.maxX + 1), min(picture.height, box.maxY + 1))
        for ring in rings {
            let polygon = ring.flatMap { [$0.x + 0.5, $0.y + 0.5] }
            guard polygon.count >= 6, let filled = try? COCOPolygon.mask(polygon, width: width, height: height) else { return nil }
            runs += filled.runs
            polygons.append(polygon)
        }
        let joined = Mask(bounds: Rect(x: 0, y: 0, width: width, height: height), joining: runs)
        return joined.runs == mask.runs ? polygons : nil
    }

    private func put(_ text: String) { buffer += Array(text.utf8) }

    private func flush(all: Bool = false) throws {
        guard all || buffer.count >= 1 << 16 else { return }
        try write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
