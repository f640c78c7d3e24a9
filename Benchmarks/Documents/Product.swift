/// A product as the canonical model has it: about 1 KB.
let productDocument = #"""
    {"gtin": "06438012345675", "revision": 1842, "name": {"fi": "Kulmasohva Saari, vihreä", "sv": "Hörnsoffa Saari, grön",
    "en": "Corner sofa Saari, green"}, "brand": "Saari", "status": "active", "assortment": ["web", "till", "b2b"],
    "price": {"amount": 1299.90, "currency": "EUR", "valid-from": "2024-05-01T00:00:00Z", "tax": 25.5},
    "purchase": {"amount": 512.40, "currency": "USD", "supplier": {"system": "importer", "id": "S-00417"}},
    "dimensions": {"width": 2450, "depth": 1620, "height": 880, "unit": "mm", "weight": 84.5},
    "categories": [{"code": "110204", "name": "Sofas"}, {"code": "SALE", "name": "Campaign"}],
    "labels": ["new", "green", "fsc-mix"], "images": ["https://img.example.org/p/06438012345675/front.jpg",
    "https://img.example.org/p/06438012345675/side.jpg"], "package": {"level": "each", "count": 3, "gtin": "16438012345672"},
    "references": [{"system": "till", "id": "4711"}, {"system": "shop", "id": "gid-88123"}], "deposit": null,
    "returnable": true, "changed": "2024-05-31T14:02:11.250Z"}
    """#

let productSchema = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://omnigration.example/product",
      "type": "object", "required": ["gtin", "name", "status"],
      "properties": {
        "gtin": {"$ref": "#/$defs/gtin"}, "revision": {"type": "integer", "minimum": 0},
        "name": {
          "type": "object", "minProperties": 1, "propertyNames": {"pattern": "^[a-z]{2}$"},
          "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 120}
        },
        "brand": {"type": "string", "maxLength": 60}, "status": {"enum": ["draft", "active", "ended"]},
        "assortment": {"$ref": "#/$defs/labels"}, "price": {"$ref": "#/$defs/price"},
        "purchase": {"$ref": "#/$defs/price"},
        "dimensions": {
          "type": "object", "required": ["unit"],
          "properties": {
            "width": {"$ref": "#/$defs/measure"}, "depth": {"$ref": "#/$defs/measure"},
            "height": {"$ref": "#/$defs/measure"}, "weight": {"$ref": "#/$defs/measure"}, "unit": {"enum": ["mm", "cm", "m"]}
          }
        },
        "categories": {
          "type": "array",
          "items": {
            "type": "object", "required": ["code"],
            "properties": {"code": {"type": "string", "pattern": "^[A-Z0-9]{1,12}$"}, "name": {"type": "string"}}
          }
        },
        "labels": {"$ref": "#/$defs/labels"},
        "images": {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": 50},
        "package": {
          "type": "object", "required": ["level"],
          "properties": {
            "level": {"enum": ["each", "case", "pallet"]}, "count": {"type": "integer", "minimum": 1},
            "gtin": {"$ref": "#/$defs/gtin"}
          }
        },
        "references": {"type": "array", "items": {"$ref": "#/$defs/reference"}},
        "deposit": {"type": ["number", "null"], "minimum": 0}, "returnable": {"type": "boolean"},
        "changed": {"type": "string", "format": "date-time"}
      },
      "$defs": {
        "gtin": {"type": "string", "format": "gtin"}, "measure": {"type": "number", "exclusiveMinimum": 0},
        "labels": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 40}, "uniqueItems": true},
        "reference": {
          "type": "object", "required": ["system", "id"],
          "properties": {"system": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"}, "id": {"type": "string"}}
        },
        "price": {
          "type": "object", "required": ["amount", "currency"],
          "properties": {
            "amount": {"type": "number", "minimum": 0, "multipleOf": 0.01}, "currency": {"type": "string", "format": "currency"},
            "valid-from": {"type": "string", "format": "date-time"}, "tax": {"type": "number", "minimum": 0, "maximum": 100},
            "supplier": {"$ref": "#/$defs/reference"}
          }
        }
      }
    }
    """#
