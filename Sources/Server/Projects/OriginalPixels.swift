import Codecs
import Raster
import Store

/// Values of originals, read by bands of rows; the last band stays, since a person moves from pixel to neighbouring pixel.
actor OriginalPixels {
    private struct Band {
        var image: ObjectID
        var sha256: String
        /// Rows of the stored picture.
        var rows: Range<Int>
        var pixels: AnyImage
    }

    private let project: Project
    private let work: WorkPool
    private var band: Band?

    init(project: Project, work: WorkPool) { (self.project, self.work) = (project, work) }

    /// Values of each channel, red before blue, row by row.
    ///
    /// - Parameter box: inside the upright image.
    func pixels(of image: ImageRecord, in box: Rect) async throws -> [[Int]] {
        let stored = Self.stored(box, image)
        if band?.image != image.id || band?.sha256 != image.sha256 || band?.rows.contains(stored.y) != true || band?.rows.contains(stored.maxY - 1) != true {
            band = try await read(image, rows: stored.y..<stored.maxY)
        }
        guard let band else { return [] }
        let part = band.pixels.cropped(to: Rect(x: stored.x, y: stored.y - band.rows.lowerBound, width: stored.width, height: stored.height))
        return Self.values(part.oriented(image.orientation))
    }

    private func read(_ image: ImageRecord, rows: Range<Int>) async throws -> Band {
        let project = project
        return try await work.run {
            let original = try project.openOriginal(image)
            let reader = try ImageFile.rows(descriptor: original.descriptor, name: image.name, page: image.page)
            let header = reader.header
            // Of very wide images fewer rows are kept.
            let margin = min(48, (8 << 20) / max(1, header.rowBytes))
            let taken = max(0, rows.lowerBound - margin)..<min(header.height, rows.upperBound + margin)
            guard taken.lowerBound < taken.upperBound, rows.upperBound <= header.height, header.width == (image.orientation >= 5 ? image.height : image.width) else {
                throw Problem(.imageUnreadable, "\(image.name) is not the file it was when it was imported; import it again")
            }
            try reader.skipRows(taken.lowerBound)
            return Band(image: image.id, sha256: image.sha256, rows: taken, pixels: try reader.readImage(rows: taken.count))
        }
    }

    /// The part of the stored picture that turning brings to `box`.
    private static func stored(_ box: Rect, _ image: ImageRecord) -> Rect {
        // Size of the upright picture.
        let (w, h) = (image.width, image.height)
        let (left, right, top, bottom) = (box.x, w - box.maxX, box.y, h - box.maxY)
        return switch image.orientation {
        case 2: Rect(x: right, y: top, width: box.width, height: box.height)
        case 3: Rect(x: right, y: bottom, width: box.width, height: box.height)
        case 4: Rect(x: left, y: bottom, width: box.width, height: box.height)
        case 5: Rect(x: top, y: left, width: box.height, height: box.width)
        case 6: Rect(x: top, y: right, width: box.height, height: box.width)
        case 7: Rect(x: bottom, y: right, width: box.height, height: box.width)
        case 8: Rect(x: bottom, y: left, width: box.height, height: box.width)
        default: box
        }
    }

    private static func values(_ image: AnyImage) -> [[Int]] {
        switch image {
        case .gray8(let image): [image.withBuffer { $0.map { Int($0) } }]
        case .gray16(let image): [image.withBuffer { $0.map { Int($0) } }]
        case .color8(let image): image.withBuffer { pixels in [pixels.map { Int($0.red) }, pixels.map { Int($0.green) }, pixels.map { Int($0.blue) }] }
        case .color16(let image): image.withBuffer { pixels in [pixels.map { Int($0.red) }, pixels.map { Int($0.green) }, pixels.map { Int($0.blue) }] }
        }
    }
}
