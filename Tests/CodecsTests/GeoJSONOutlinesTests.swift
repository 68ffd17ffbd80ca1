import Codecs
import Foundation
import Raster
import Testing

struct GeoJSONOutlinesTests {
    private static func read(_ text: String, origin: GeoJSONOutlines.Origin = .automatic) throws(AnnotationFileError) -> GeoJSONOutlines.Content {
        try GeoJSONOutlines.read(Array(text.utf8), file: "a.geojson", origin: origin)
    }

    private static let square = #"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,4],[0,0]]]}"#
    private static let ring = [Point(x: 0, y: 0), Point(x: 4, y: 0), Point(x: 4, y: 4), Point(x: 0, y: 4)]

    @Test func `collections, lists, single features and bare geometries are read`() throws {
        let feature = #"{"type":"Feature","id":5,"properties":{"category":"copepod"},"geometry":\#(Self.square)}"#
        for text in [#"{"type":"FeatureCollection","features":[\#(feature)]}"#, "[\(feature)]", feature] {
            #expect(try Self.read(text).objects == [OutlinedObject(shape: .polygons([Self.ring].map { [$0] }), id: "5", category: "copepod")])
        }
        #expect(try Self.read(Self.square).objects == [OutlinedObject(shape: .polygons([[Self.ring]]))])
        let both = #"{"type":"Feature","geometry":{"type":"GeometryCollection","geometries":[\#(Self.square),{"type":"MultiPolygon","coordinates":[[[[0,0],[4,0],[4,4],[0,4]]]]}]},"properties":null}"#
        #expect(try Self.read(both).objects == [OutlinedObject(shape: .polygons([[Self.ring], [Self.ring]]))])
    }

    @Test func `QuPath counts from the corner of the first pixel, and names classes in its own way`() throws {
        let text = #"{"type":"FeatureCollection","features":[{"type":"Feature","id":"PathAnnotationObject","geometry":\#(Self.square),"properties":{"objectType":"annotation","classification":{"name":"Tumor","color":[200,0,0]}}}]}"#
        let object = try #require(try Self.read(text).objects.first)
        #expect(object.category == "Tumor")
        #expect(object.shape == .polygons([[Self.ring.map { Point(x: $0.x - 0.5, y: $0.y - 0.5) }]]))
        #expect(try Self.read(text, origin: .centre).objects.first?.shape == .polygons([[Self.ring]]))
        #expect(try Self.read(Self.square, origin: .corner).objects.first?.shape == object.shape)
    }

    @Test func `points and lines are no areas, and are counted`() throws {
        let text = #"[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{}},{"type":"Feature","geometry":null,"properties":{}},{"type":"Feature","geometry":\#(Self.square)}]"#
        let content = try Self.read(text)
        #expect(content.objects.count == 1 && content.leftOut == 2)
    }

    @Test(arguments: [
        ("", "ends too early"), ("{}", "no FeatureCollection"), (#"{"type":"Feature","geometry":{"type":"Polygon"}}"#, "no \"coordinates\""),
        (#"{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}"#, "2 corners"), (#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[NaN,2]]]}"#, "NaN"),
        (#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[1e300,2]]]}"#, "position"), (#"{"type":"Polygon","coordinates":[[[0,0],[1],[3,2]]]}"#, "position"),
        (#"{"type":"Polygon","coordinates":[[[0,0],[1,1],["a",2]]]}"#, "number"), (#"{"type":"FeatureCollection"}"#, "no \"features\""),
        (#"{"type":"Feature","#, "ends too early"), ("x", "not JSON"),
    ])
    func `what is no such file is refused with file and line`(text: String, part: String) {
        #expect { try Self.read(text) } throws: { "\($0)".contains(part) && "\($0)".hasPrefix("a.geojson: line 1") }
    }

    @Test func `nesting without end and a million vertices are no danger`() throws {
        #expect { try Self.read(#"{"type":"Polygon","coordinates":"# + String(repeating: "[", count: 1_000_000)) } throws: { "\($0)".contains("deep") }
        let many = #"{"type":"Polygon","coordinates":[["# + (0..<1_000_000).map { "[\($0 % 1000),\($0 / 1000).5]" }.joined(separator: ",") + "]]}"
        guard case .polygons(let polygons) = try Self.read(many).objects[0].shape else { return #expect(Bool(false)) }
        #expect(polygons[0][0].count == 1_000_000)
    }

    @Test func `what is written is valid, closed and comes back`() throws {
        let hole = [Point(x: 1.5, y: 1.5), Point(x: 1.5, y: 2.5), Point(x: 2.5, y: 2.5), Point(x: 2.5, y: 1.5)]
        var bytes = GeoJSONOutlines.begin
        GeoJSONOutlines.append(id: "a\"1", polygons: [[Self.ring, hole]], properties: [("category", .text("x")), ("none", nil), ("area", .number(0.1))], to: &bytes)
        bytes += GeoJSONOutlines.separator
        GeoJSONOutlines.append(id: "b", polygons: [[Self.ring], [hole]], properties: [], to: &bytes)
        bytes += GeoJSONOutlines.end
        let json = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        let features = try #require(json["features"] as? [[String: Any]])
        let geometry = try #require(features[0]["geometry"] as? [String: Any])
        let rings = try #require(geometry["coordinates"] as? [[[Double]]])
        #expect(rings.map(\.count) == [5, 5] && rings[0].first == rings[0].last)
        #expect((features[0]["properties"] as? [String: Any])?["area"] as? Double == 0.1)
        let content = try GeoJSONOutlines.read(bytes, file: "c")
        #expect(content.objects == [
            OutlinedObject(shape: .polygons([[Self.ring, hole]]), id: "a\"1", category: "x"), OutlinedObject(shape: .polygons([[Self.ring], [hole]]), id: "b"),
        ])
    }
}
