import Codecs
import Nodes
import Pipeline
import Testing

private func fields(_ config: [String: JSONValue], _ exif: EXIF?) throws -> ImageSayings {
    try #require(try NodeClass(EXIFNode.self).make(config) as? EXIFNode).metadata(of: "a.jpg", exif: { exif })
}

@Test func `each group of the camera's data can be left out`() throws {
    var exif = EXIF()
    (exif.date, exif.latitude, exif.longitude, exif.make, exif.model, exif.exposureTime, exif.iso) = ("2024-05-06T07:08:09", 54.2, 7.9, "Nikon", "D850", 0.01, 100)
    let groups: [String: Set<String>] = [
        "time": ["object_date", "object_time"], "position": ["object_lat", "object_lon"], "camera": ["acq_instrument"], "exposure": ["object_exposure_s", "object_iso"],
    ]
    let all = try fields([:], exif).fields
    #expect(Set(all.keys) == groups.values.reduce([]) { $0.union($1) } && all["object_date"] == "2024-05-06" && all["acq_instrument"] == "Nikon D850")
    for (name, left) in groups { #expect(Set(try fields([name: false], exif).fields.keys) == Set(all.keys).subtracting(left)) }
    #expect(try fields([:], nil) == ImageSayings(isSilent: true))
}
