"""A civic app: `georeport` where it has a call, plain requests where it has none (discovery, filing, tokens)."""

import os

import requests
import xmltodict
from georeport import GeoReport

ADDRESS, KEY = os.environ["ADDRESS"], os.environ["KEY"]

# Every request of the client carries the key, as one behind a gateway would.
requests.sessions.default_headers = lambda original=requests.sessions.default_headers: {
    **original(),
    "Authorization": f"Bearer {KEY}",
}


def discovery():
    """The address comes from the service discovery, in either format."""
    answer = requests.get(f"{ADDRESS}/open311/discovery.json").json()
    as_xml = xmltodict.parse(requests.get(f"{ADDRESS}/open311/discovery.xml").content)["discovery"]
    assert as_xml["contact"] == answer["contact"], as_xml
    endpoint = next(one for one in answer["endpoints"] if "GeoReport_v2" in one["specification"])
    return ADDRESS + endpoint["url"]


def filed(root, fields, **more):
    """Files a request as the specification has it: a form, with the key among its fields."""
    answer = requests.post(f"{root}/requests.json", data={"api_key": KEY, **fields}, headers={"Authorization": None}, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()[0]


root = discovery()
client, xml = GeoReport(root, api_key=KEY), GeoReport(root, api_key=KEY, output_format="xml")

services = client.get_service_list()
assert {one["service_code"] for one in services} == {one["service_code"] for one in xml.get_service_list()}
leak = next(one for one in services if one["service_code"] == "water.pipe-leak")
assert set(leak) >= {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}, leak
assert leak["metadata"] is True and leak["type"] == "realtime"

definition = client.get_service_definition("water.pipe-leak")
codes = [one["code"] for one in definition["attributes"]]
attributes = xml.get_service_definition("water.pipe-leak")["attributes"]["attribute"]
# Where there is one, `xmltodict` makes no list of it.
attributes = attributes if isinstance(attributes, list) else [attributes]
assert "location" in codes and codes == [one["code"] for one in attributes]

place = {"address_string": "石洲区解放路12号", "lat": "31.25", "long": "121.5"}
ids = []
for number in range(3):
    filing = {"service_code": "water.pipe-leak", "description": f"自来水管漏了{number + 2}天", "device_id": "phone-1"}
    ids.append(filed(root, {**filing, **place})["service_request_id"])

one = client.get_service_request(ids[0])
assert one["status"] == "open" and one["service_code"] == "water.pipe-leak", one
assert (one["address"], one["lat"], one["long"]) == ("石洲区解放路12号", 31.25, 121.5), one
assert one["updated_datetime"] >= one["requested_datetime"] and one["requested_datetime"].endswith("+08:00"), one
assert "自来水管漏了2天" in one["description"]
as_xml = xml.get_service_request(ids[0])
assert as_xml["address"] == one["address"] and float(as_xml["lat"]) == 31.25, as_xml

# One id that nobody has does not hide the others.
several = client.get_service_requests(service_request_id=f"{ids[0]},20200101-999999,{ids[1]}")
assert [one["service_request_id"] for one in several] == [ids[0], ids[1]], several
both = client.get_service_requests(service_code="water.pipe-leak,gas.smell", status="open")
assert {one["service_request_id"] for one in both} == set(ids), both
assert client.get_service_requests(service_code="gas.smell") == []
assert len(xml.get_service_requests(status="open")) == 3

token = requests.get(f"{root}/tokens/{ids[0]}.json").json()
assert token == [{"service_request_id": ids[0], "token": ids[0]}], token

# What is wrong is told as the specification has it.
missing = requests.get(f"{root}/requests/20200101-999999.xml")
assert missing.status_code == 404 and xmltodict.parse(missing.content)["errors"]["error"]["code"] == "404"
nothing = requests.post(f"{root}/requests.json", data={"api_key": KEY, "description": "漏水"}, headers={"Authorization": None})
assert nothing.status_code == 400 and nothing.json()[0]["code"] == 400, nothing.text
print("ok")
