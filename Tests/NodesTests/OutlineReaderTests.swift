import Codecs
import Foundation
import Nodes
import Operations
import Pipeline
import Raster
import Testing

struct OutlineReaderTests {
    private static let frame = Rect(x: 0, y: 0, width: 7, height: 5)
    private static let ring = Mask(".......", ".###...", ".#.#...", ".###..#", ".......")

    private static func companion(_ name: String, _ kind: Companion.Kind, _ bytes: [UInt8]) -> Companion {
        Companion(name: name, kind: kind, sha256: UUID().uuidString) { bytes }
    }

    private static func read(_ file: Companion, _ change: (inout OutlineReader) -> Void = { _ in }) throws -> OutlineReader.Result {
        var reader = OutlineReader()
        change(&reader)
        return try reader.read([file], image: "a.png", frame: frame)
    }

    @Test func `a mask's connected parts are objects, and labels are objects whatever their parts`() throws {
        let mask = Self.companion("a_mask.png", .picture, MaskPNG.encode(Self.ring))
        #expect(try Self.read(mask).segments.map(\.mask.area) == [8, 1])
        #expect(try Self.read(mask) { $0.values = .objects }.segments.map(\.mask.area) == [9])
        let labels = [LabelFile.Label(value: 3, mask: Self.ring), LabelFile.Label(value: 7, mask: Mask("#......", ".......", ".......", ".......", "......."))]
        let picture = Self.companion("a_labels.tif", .picture, try LabelFile.encode(labels, width: 7, height: 5, bits: 32, as: .tiff))
        #expect(try Self.read(picture).segments.map(\.mask.area) == [1, 9])
        #expect(try Self.read(picture) { $0.values = .mask }.segments.map(\.mask.area) == [9, 1])
        let classes = try Self.read(picture) { $0.values = .classes }.segments
        #expect(classes.map(\.category?.name) == ["class 7", "class 3", "class 3"])
        #expect(classes[2].touches == .right)
    }

    @Test func `outlines along pixel edges give the same masks again, holes too`() throws {
        var bytes = GeoJSONOutlines.begin
        GeoJSONOutlines.append(id: "1", polygons: Self.ring.polygons(), properties: [("category", .text("copepod"))], to: &bytes)
        bytes += GeoJSONOutlines.end
        let segments = try Self.read(Self.companion("a.geojson", .geojson, bytes)).segments
        #expect(segments.map(\.mask.runs) == [Self.ring.runs] && segments[0].category?.name == "copepod")
    }

    @Test func `what lies outside of the image is cut off or left out, and said`() throws {
        let text = #"[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[-9,-9],[1,-9],[1,1],[-9,1]]]}},{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[90,90],[99,90],[99,99]]]}}]"#
        let result = try Self.read(Self.companion("a.geojson", .geojson, Array(text.utf8)))
        #expect(result.segments.map(\.mask.bounds) == [Rect(x: 0, y: 0, width: 2, height: 2)])
        #expect(result.notes.count == 1 && result.notes[0].contains("1 objects cover no pixel"))
    }

    @Test func `a mask of another size is refused with both sizes`() throws {
        let turned = Self.companion("a_mask.png", .picture, MaskPNG.encode(Mask(bounds: Rect(x: 0, y: 0, width: 5, height: 7), sortedRuns: [])))
        #expect { try Self.read(turned) } throws: { "\($0)".contains("5 × 7 pixels, but a.png has 7 × 5; it looks turned") }
    }

    @Test func `zigzags without end are refused, a million vertices are not`() throws {
        func file(_ count: Int, _ height: Int) -> Companion {
            let text = #"{"type":"Polygon","coordinates":[["# + (0..<count).map { "[\(Double($0 % 70) / 10),\($0 % 2 * height)]" }.joined(separator: ",") + "]]}"
            return Self.companion("a.geojson", .geojson, Array(text.utf8))
        }
        var reader = OutlineReader()
        reader.values = .automatic
        let tall = Rect(x: 0, y: 0, width: 7, height: 100_000)
        #expect { try reader.read([file(10_000, 100_000)], image: "a", frame: tall) } throws: { "\($0)".contains("longer than that of any object") }
        #expect(try reader.read([file(1_000_000, 4)], image: "a", frame: Self.frame).segments.count == 1)
    }

    @Test func `the first choice of names counts, and a COCO file where there is no other`() {
        let reader = OutlineReader()
        let all = [Self.companion("a.geojson", .geojson, []), Self.companion("a_mask.png", .picture, []), Self.companion("coco.json", .coco, [])]
        #expect(reader.files(for: "a.png", among: all).map(\.name) == ["a_mask.png"])
        #expect(reader.files(for: "b.png", among: all).map(\.name) == ["coco.json"])
    }
}
