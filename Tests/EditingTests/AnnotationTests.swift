import Editing
import Foundation
import Raster
import Testing

private func decode(_ geometry: String) throws -> Geometry { try JSONDecoder().decode(Geometry.self, from: Data(geometry.utf8)) }

@Test func `GeoJSON survives the way there and back`() throws {
    let collection = FeatureCollection(features: [
        Feature(.point(Point(x: 1.5, y: 2))), Feature(.lineString([Point(x: 0, y: 0), Point(x: 3, y: 4)]), properties: .init(width: 3, role: "skeleton")),
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
