import Codecs
import Foundation
import HTTPTypes
import Hummingbird
import Operations
import Raster
import Store

extension EditRoutes {
    enum Side: String, CaseIterable { case before, after }

    @Sendable func picture(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let edit = try call.id("edit", unknown: .editUnknown, what: "Edit")
        let side = try call.choice("side", Side.self) ?? .after
        let size = try call.integer("size", in: 16...1024) ?? 96
        // Neither edits nor masks ever change, and no number is given twice.
        let etag = "\"\(edit)-\(side.rawValue)-\(size)\""
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.cacheControl] = "private, max-age=31536000, immutable"
        if EntityTag.matches(etag, call.headers) { return Response(status: .notModified, headers: headers) }
        guard let (image, before, after) = try await project.project.editMasks(edit) else {
            throw Problem(.editUnknown, "there is no edit \(edit) in this project; reload the history")
        }
        let pyramid = try await project.pyramids.file(of: image)
        let frame = Rect(x: 0, y: 0, width: pyramid.width, height: pyramid.height)
        let changed = (before + after).reduce(Rect(x: 0, y: 0, width: 0, height: 0)) { $0.union($1.box) }.intersection(frame)
        let box = changed.isEmpty ? frame : changed.expanded(by: max(8, max(changed.width, changed.height) / 6)).intersection(frame)
        let masks = side == .before ? before : after
        headers[.contentType] = "image/jpeg"
        do {
            let bytes = try await services.work.run {
                let scale = Double(size) / Double(max(box.width, box.height))
                let (width, height) = (max(1, Int(Double(box.width) * scale)), max(1, Int(Double(box.height) * scale)))
                let outlines = masks.map(\.shown)
                return try JPEGWriter.encode(.color8(Self.drawn(outlines, box, on: try pyramid.region(box, width: width, height: height))), quality: 85)
            }
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        } catch let error as CodecError {
            throw Problem(.imageUnreadable, "\(error)")
        }
    }

    /// The outlines of masks over the picture of `box`: blue in a white casing, as objects are shown in the viewer.
    private static func drawn(_ masks: [Mask], _ box: Rect, on picture: AnyImage) -> Image<BGR<UInt8>> {
        var canvas: Image<BGR<UInt8>>
        if case .color8(let image) = picture {
            canvas = image
        } else {
            canvas = picture.gray8().mapped { BGR<UInt8>(blue: $0, green: $0, red: $0) }
        }
        // Pixel centres are whole numbers on both sides.
        let (scaleX, scaleY) = (Double(canvas.width) / Double(box.width), Double(canvas.height) / Double(box.height))
        let (left, top) = (Double(box.x) - 0.5, Double(box.y) - 0.5)
        func place(_ corner: Point) -> Point { Point(x: (corner.x - left) * scaleX - 0.5, y: (corner.y - top) * scaleY - 0.5) }
        var lines: [[Point]] = []
        for mask in masks {
            for rings in mask.polygons() {
                for ring in rings { lines.append((ring + ring.prefix(1)).map(place)) }
            }
        }
        let white = BGR<UInt8>(blue: 255, green: 255, red: 255)
        let blue = BGR<UInt8>(blue: 0xB2, green: 0x72, red: 0)
        for (width, color) in [(3.0, white), (1.0, blue)] {
            let pen = Mask.union(of: lines.map { Mask.line($0, width: width, bounds: canvas.bounds) })
            for run in pen.runs { for x in Int(run.first)...Int(run.last) { canvas[x, Int(run.y)] = color } }
        }
        return canvas
    }
}
