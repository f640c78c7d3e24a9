// Installation
