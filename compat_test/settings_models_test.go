package compat_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// ownModels are models whose columns or managers do what their Django classes do not.
const ownModels = `
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class Encrypted(models.TextField):
    def from_db_value(self, value, *args):
        return value[::-1]

    def get_prep_value(self, value):
        return value[::-1]


class LiveUsers(models.QuerySet):
    def get_by_natural_key(self, username):
        return self.get(username=username, deleted=False)


class Customer(AbstractBaseUser, PermissionsMixin):
    username = models.CharField(max_length=9, unique=True)
    password = Encrypted()
    is_active = models.BooleanField(default=True)
    deleted = models.BooleanField(default=False)
    USERNAME_FIELD = "username"
    objects = LiveUsers.as_manager()
`

// ownVault is a session engine whose model has a column of such a class.
const ownVault = `
from django.contrib.sessions.backends.db import SessionStore as DBStore
from django.contrib.sessions.base_session import AbstractBaseSession
from shop.models import Encrypted


class Vault(AbstractBaseSession):
    session_data = Encrypted()

    class Meta:
        app_label = "vault"


class SessionStore(DBStore):
    @classmethod
    def get_model_class(cls):
        return Vault
`

// TestModelsThatConvertColumnsAreRefused also has a manager that decides who may log in,
// although it does not extend BaseUserManager.
func TestModelsThatConvertColumnsAreRefused(t *testing.T) {
	t.Parallel()
	for _, version := range releases() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, version)
			shop.write("shop/models.py", ownModels)
			shop.write("shop/vault.py", ownVault)
			printed := shop.printed("converting", "INSTALLED_APPS = list(INSTALLED_APPS) + ['shop']\nAUTH_USER_MODEL = 'shop.Customer'\n"+
				"SESSION_ENGINE = 'shop.vault'\n")
			_, found, err := djangosession.ReviewSettings(bytes.NewReader(printed))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []struct{ setting, problem, override string }{
				{"SESSION_ENGINE", "session_data", ""},
				{"USER_MODEL", "computes or converts password", ""},
				{"USER_MODEL", "LiveUsers.get_by_natural_key", "shop.models.LiveUsers.get_by_natural_key"},
			} {
				if !slices.ContainsFunc(found, func(f djangosession.Finding) bool {
					return f.Refused && f.Setting == want.setting && f.Override == want.override && strings.Contains(f.Problem, want.problem)
				}) {
					t.Errorf("nothing about %q in %+v", want.problem, found)
				}
			}
		})
	}
}

// mailModels are user models with different kinds of addresses.
const mailModels = `
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AbstractUser
from django.db import models


class Encrypted(models.TextField):
    def from_db_value(self, value, *args):
        return value[::-1]

    def get_prep_value(self, value):
        return value[::-1]


class Column(AbstractUser):
    pass


class Person(AbstractBaseUser):
    username = models.CharField(max_length=9, unique=True)
    USERNAME_FIELD = "username"

    class Meta:
        abstract = True


class Property(Person):
    EMAIL_FIELD = "email"

    @property
    def email(self):
        return self.username + "@example.com"


class Converted(Person):
    EMAIL_FIELD = "email"
    email = Encrypted()


class Number(Person):
    EMAIL_FIELD = "email"
    email = models.IntegerField()


class Absent(Person):
    pass
`

// TestComputedAddressesAreExported reads what the script says of such models. Tokens of
// reset links depend on the address since Django 3.2.
func TestComputedAddressesAreExported(t *testing.T) {
	t.Parallel()
	for _, version := range releases() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			shop := newProject(t, version)
			shop.write("shop/models.py", mailModels)
			for model, computed := range map[string]bool{
				"Column": false, "Property": true, "Converted": true, "Number": true, "Absent": false,
			} {
				printed := shop.printed("mail"+strings.ToLower(model),
					"INSTALLED_APPS = list(INSTALLED_APPS) + ['shop']\nAUTH_USER_MODEL = 'shop."+model+"'\n")
				s, _, err := djangosession.ReviewSettings(bytes.NewReader(printed))
				if err != nil {
					t.Fatal(err)
				}
				if s.UserModel.Error != "" || s.UserModel.EmailComputed != computed {
					t.Errorf("%s: computed %v, want %v; error %q", model, s.UserModel.EmailComputed, computed, s.UserModel.Error)
				}
			}
		})
	}
}
