import Editing
import Foundation
import Raster
import Testing

private func decode(_ geometry: String) throws -> Geometry { try JSONDecoder().decode(Geometry.self, from: Data(geometry.utf8)) }

@Test func `GeoJSON survives the way there and back`() throws {
    let collection = FeatureCollection(features: [
        Feature(.point(Point(x: 1.5, y: 2))), Feature(.lineString([Point(x: 0, y: 0), Point(x: 3, y: 4)]), properties: .init(width: 3, role: .skeleton)),
        Feature(.polygon([[Point(x: 0, y: 0), Point(x: 3, y: 0), Point(x: 3, y: 4)]])),
    ])
    #expect(try JSONDecoder().decode(FeatureCollection.self, from: JSONEncoder().encode(collection)) == collection)
}

@Test(arguments: [
    #"{"type":"Circle","coordinates":[1,2]}"#, #"{"type":"Point","coordinates":[1]}"#, #"{"type":"Point","coordinates":[1e300,2]}"#,
    #"{"type":"LineString","coordinates":[[1,2]]}"#, #"{"type":"Polygon","coordinates":[]}"#, #"{"type":"Polygon","coordinates":[[[1,2],[3,4]]]}"#,
    #"{"type":"Point","coordinates":"here"}"#, #"{"coordinates":[1,2]}"#,
])
func `a geometry that is none is refused`(text: String) {
    #expect(throws: DecodingError.self) { try decode(text) }
}

@Test func `an operation that does not exist is refused with the known ones`() {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(EditRequest.self, from: Data(#"{"operation":"explode","image":1}"#.utf8)) }
}

@Test(arguments: [
    (#"{"operation":"draw","image":1,"annotations":{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"width":0}}]}}"#, "width"),
    (#"{"operation":"draw","image":1,"annotations":{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"role":"broom"}}]}}"#, "skeleton, outline, wand"),
    (#"{"operation":"draw","image":1,"annotations":{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"tolerance":300}}]}}"#, "255"),
    (#"{"operation":"smooth","image":1,"parameters":{"radius":0}}"#, "radius"), (#"{"operation":"separate","image":1,"parameters":{"depth":-1}}"#, "neck"),
    (#"{"operation":"separate","image":1,"parameters":{"connectivity":6}}"#, "4 or 8"), (#"{"operation":"fill","image":1,"expected":{"one":2}}"#, "one"),
])
func `numbers and words beyond what an edit takes are refused with a sentence`(text: String, word: String) {
    do {
        _ = try JSONDecoder().decode(EditRequest.self, from: Data(text.utf8))
        Issue.record("\(text) was taken")
    } catch DecodingError.dataCorrupted(let context) {
        #expect(context.debugDescription.contains(word))
    } catch { Issue.record(error) }
}

@Test func `an edit request survives the way into the history and back`() throws {
    var request = EditRequest(operation: .separate, image: 3, objects: [1, 2], expected: [1: 7, 2: 9], expectedRevision: 4)
    request.parameters.depth = 2.5
    request.parameters.minArea = 30
    #expect(try JSONDecoder().decode(EditRequest.self, from: JSONEncoder().encode(request)) == request)
}
