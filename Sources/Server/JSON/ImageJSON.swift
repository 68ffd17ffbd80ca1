import Foundation
import Pipeline
import Pyramid
import Store

enum ImageJSON {
    static let tileSize = 512

    static let schema = Schema.object([
        "id": .integer, "uid": .string, "name": .string, "width": .integer, "height": .integer, "channels": .integer, "bits": .integer,
        "format": .string, "state": .choice(ImageState.allCases.map(\.rawValue)), "error?": .string, "pixelSizeUm?": .number, "pixelSizeSource?": .string,
        "objects": .integer, "metadata": .map(.object(["value": .string, "source": .string])), "bytes": .integer, "sha256": .string,
        "levels": .integer, "tileSize": .integer, "revision": .integer, "pyramid": .boolean, "importedAt": .date,
        "rejects?": .map(.integer), "steps?": .map(.integer).described("Objects by the step that found them; \"\": drawn by hand."),
        "area?": .anyObject.described("GeoJSON Polygon of the part that counts, when one was drawn on this image."),
    ])

    /// - Parameters:
    ///   - rejects: what rules dropped, by rule; only where one image is asked for, as it is counted anew each time.
    ///   - steps: objects by step, likewise.
    static func value(_ image: ImageRecord, metadata: [String: MetadataValue], rejects: [String: Int]? = nil, steps: [String: Int]? = nil) -> JSONValue {
        let levels = image.width > 0 && image.height > 0 ? PyramidLayout(width: image.width, height: image.height, tileSize: tileSize).levels.count : 0
        var members: [String: JSONValue] = [
            "id": .integer(image.id), "uid": .string(image.uid), "name": .string(image.name), "width": .integer(image.width),
            "height": .integer(image.height), "channels": .integer(image.channels), "bits": .integer(image.bits), "format": .string(image.format),
            "state": .string(image.state.rawValue), "objects": .integer(image.objects), "bytes": .integer(image.bytes), "sha256": .string(image.sha256),
            "levels": .integer(levels), "tileSize": .integer(tileSize), "revision": .integer(image.revision), "pyramid": .boolean(image.pyramid != nil),
            "importedAt": .date(image.createdAt),
            "metadata": .object(metadata.mapValues { ["value": .string($0.value), "source": .string($0.source.rawValue)] }),
        ]
        if let error = image.error { members["error"] = .string(error) }
        if let area = image.area, let json = try? JSONDecoder().decode(JSONValue.self, from: Data(area.utf8)) { members["area"] = json }
        if let size = image.pixelSize { members["pixelSizeUm"] = .number(size) }
        if let source = image.pixelSizeSource { members["pixelSizeSource"] = .string(source) }
        if let steps { members["steps"] = .object(steps.mapValues { .integer($0) }) }
        if let rejects { members["rejects"] = .object(rejects.mapValues { .integer($0) }) }
        return .object(members)
    }
}
