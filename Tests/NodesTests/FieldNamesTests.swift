import Nodes
import Testing

@Test(arguments: [
    ("date", "object_date"), ("Lat", "object_lat"), ("station", "sample_station"), ("cruise", "sample_cruise"), ("frame", "object_frame"),
    ("sample", "sample_id"), ("sample_operator", "sample_operator"), ("objective", "acq_objective"), ("acq_gain", "acq_gain"),
    ("object_", "sample_object_"), ("depth", "object_depth"),
])
func `a part of a file name gets the field of its level`(token: String, field: String) {
    #expect(FieldNames.field(for: token) == field)
}
